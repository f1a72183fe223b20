import JSON

extension FlatSchema {
    /// What demands both; nil where no value meets both.
    func and(_ other: FlatSchema) -> FlatSchema? {
        var result = self
        if let left = types, let right = other.types {
            let common = Self.common(left, right)
            if common.isEmpty { return nil }
            result.types = common
        } else {
            result.types = types ?? other.types
        }
        if let left = choices, let right = other.choices {
            let common = left.filter(right.contains)
            if common.isEmpty { return nil }
            result.choices = common
        } else {
            result.choices = choices ?? other.choices
        }
        result.leastLength = max(leastLength, other.leastLength)
        result.mostLength = Self.smaller(mostLength, other.mostLength)
        result.bounds = bounds.narrowed(by: other.bounds)
        result.leastItems = max(leastItems, other.leastItems)
        result.mostItems = Self.smaller(mostItems, other.mostItems)
        let count = max(prefixItems.count, other.prefixItems.count)
        result.prefixItems = (0..<count).map { Self.both(item($0), other.item($0)) ?? true }
        result.items = Self.both(items, other.items)
        let demanded = Set(required)
        result.required += other.required.filter { !demanded.contains($0) }
        let theirs = Dictionary(other.properties.map { ($0.name, $0.schema) }, uniquingKeysWith: { _, last in last })
        result.properties = properties.map { ($0.name, Self.both($0.schema, theirs[$0.name] ?? other.additional) ?? $0.schema) }
        let own = Set(properties.map(\.name))
        for property in other.properties where !own.contains(property.name) {
            result.properties.append((property.name, Self.both(additional, property.schema) ?? property.schema))
        }
        result.declaresProperties = declaresProperties || other.declaresProperties
        result.additional = Self.both(additional, other.additional)
        result.names = Self.both(names, other.names)
        result.hasPatterns = hasPatterns || other.hasPatterns
        result.hints = hints.union(other.hints)
        return result
    }

    /// `integer` is a part of `number`.
    private static func common(_ left: Set<String>, _ right: Set<String>) -> Set<String> {
        let numbers: Set<String> = ["integer", "number"]
        var result = left.intersection(right)
        if left.union(right).isSuperset(of: numbers), !left.isDisjoint(with: numbers), !right.isDisjoint(with: numbers) { result.insert("integer") }
        return result
    }

    private static func smaller(_ left: Int?, _ right: Int?) -> Int? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// - Returns: nil where neither says anything.
    private static func both(_ left: JSON?, _ right: JSON?) -> JSON? {
        guard let left, let right, left != right else { return left ?? right }
        if left == true { return right }
        if right == true { return left }
        if left == false || right == false { return false }
        return ["allOf": [left, right]]
    }

    private func item(_ index: Int) -> JSON? { index < prefixItems.count ? prefixItems[index] : items }
}
