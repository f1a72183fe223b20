import JSON

/// A validator for JSON Schema draft-07, and for as much of draft-04 as the schema of SARIF uses. References are those within the document.
///
/// Patterns run as Swift's regular expressions on Unicode scalars, which have the meaning of ECMA-262 for all that our schemas write.
public final class SchemaCheck {
    private let root: JSON
    private var patterns: [String: Regex<AnyRegexOutput>] = [:]
    /// What patterns said of texts: the names of keys come again and again.
    private var known: [String: [String: Bool]] = [:]

    public init(_ root: JSON) { self.root = root }

    /// What does not fit the schema, each with the JSON Pointer of its place; empty where all does.
    public func faults(of value: JSON) -> [String] { faults(value, root, "") }

    func faults(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        switch schema {
        case .bool(true): return []
        case .bool(false): return ["\(path): nothing is allowed here"]
        case .object: break
        default: return ["\(path): the schema itself is \(schema.typeName)"]
        }
        // In draft-07, what stands beside a reference is not read.
        if let reference = schema["$ref"]?.stringValue {
            guard let target = target(reference) else { return ["\(path): \(reference) leads nowhere"] }
            return faults(value, target, path)
        }
        var result = simple(value, schema, path)
        result += combined(value, schema, path)
        switch value {
        case .string(let text): result += self.text(text, schema, path)
        case .integer, .number: result += number(value, schema, path)
        case .array(let elements): result += list(elements, schema, path)
        case .object(let object): result += members(object, schema, path)
        case .null, .bool: break
        }
        return result
    }

    private func target(_ reference: String) -> JSON? {
        guard reference.hasPrefix("#") else { return nil }
        var place: JSON? = root
        for part in reference.dropFirst().split(separator: "/") {
            place = place?[String(part).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
        return place
    }

    // MARK: any value

    private func simple(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        var result: [String] = []
        switch schema["type"] {
        case .string(let type) where !Self.matches(value, type): result.append("\(path): not \(type)")
        case .array(let types) where !types.contains(where: { Self.matches(value, $0.stringValue ?? "") }): result.append("\(path): of no type")
        default: break
        }
        if let choices = schema["enum"]?.arrayValue, !choices.contains(where: { Self.isEqual($0, value) }) {
            result.append("\(path): not one of the choices")
        }
        if let only = schema["const"], !Self.isEqual(only, value) { result.append("\(path): not \(only.text)") }
        return result
    }

    private static func matches(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null), ("integer", .integer),
            ("number", .integer), ("number", .number):
            true
        // A number is an integer by its value, however it is written.
        case ("integer", .number(let number)): number.double.isFinite && number.double == number.double.rounded()
        default: false
        }
    }

    /// Numbers are equal by value.
    private static func isEqual(_ left: JSON, _ right: JSON) -> Bool {
        if left == right { return true }
        if let first = left.doubleValue, let second = right.doubleValue { return first == second }
        return false
    }

    private func combined(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        var result: [String] = []
        func holds(_ schema: JSON) -> Bool { faults(value, schema, path).isEmpty }
        for part in schema["allOf"]?.arrayValue ?? [] { result += faults(value, part, path) }
        if let parts = schema["anyOf"]?.arrayValue, !parts.contains(where: holds) { result.append("\(path): none of anyOf") }
        if let parts = schema["oneOf"]?.arrayValue {
            let count = parts.count(where: holds)
            if count != 1 { result.append("\(path): \(count) of oneOf") }
        }
        if let not = schema["not"], holds(not) { result.append("\(path): what must not be") }
        if let condition = schema["if"] {
            if let branch = schema[holds(condition) ? "then" : "else"] { result += faults(value, branch, path) }
        }
        return result
    }

    // MARK: texts and numbers

    private func text(_ text: String, _ schema: JSON, _ path: String) -> [String] {
        var result: [String] = []
        let count = text.unicodeScalars.count
        if let least = schema["minLength"]?.intValue, count < least { result.append("\(path): shorter than \(least)") }
        if let most = schema["maxLength"]?.intValue, count > most { result.append("\(path): longer than \(most)") }
        if let pattern = schema["pattern"]?.stringValue, !matches(text, pattern) { result.append("\(path): not \(pattern)") }
        return result
    }

    /// Whether the pattern is found anywhere in the text.
    func matches(_ text: String, _ pattern: String) -> Bool {
        if let answer = known[pattern]?[text] { return answer }
        let answer: Bool
        do {
            let regex = try patterns[pattern] ?? Regex(pattern).matchingSemantics(.unicodeScalar)
            patterns[pattern] = regex
            answer = text.firstMatch(of: regex) != nil
        } catch {
            preconditionFailure("the pattern \(pattern) is none: \(error)")
        }
        if text.utf8.count < 256 { known[pattern, default: [:]][text] = answer }
        return answer
    }

    private func number(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        var result: [String] = []
        func compare(_ keyword: String, _ isOutside: (Double, Double) -> Bool, _ isOutsideExactly: (Int, Int) -> Bool) {
            guard let limit = schema[keyword], let bound = limit.doubleValue, let number = value.doubleValue else { return }
            // Integers beyond 2^53 are compared as such.
            let isFault = if let left = value.intValue, let right = limit.intValue { isOutsideExactly(left, right) } else { isOutside(number, bound) }
            if isFault { result.append("\(path): \(keyword) is \(limit.text)") }
        }
        compare("minimum", <, <)
        compare("maximum", >, >)
        compare("exclusiveMinimum", <=, <=)
        compare("exclusiveMaximum", >=, >=)
        return result
    }

    // MARK: lists and mappings

    private func list(_ elements: [JSON], _ schema: JSON, _ path: String) -> [String] {
        var result = size(elements.count, schema, "minItems", "maxItems", path)
        if schema["uniqueItems"] == true, Set(elements.map(\.text)).count < elements.count { result.append("\(path): not unique") }
        if let one = schema["contains"], !elements.contains(where: { faults($0, one, path).isEmpty }) { result.append("\(path): has none") }
        for (index, element) in elements.enumerated() {
            let inner = "\(path)/\(index)"
            if case .array(let tuple)? = schema["items"] {
                if let own = index < tuple.count ? tuple[index] : schema["additionalItems"] { result += faults(element, own, inner) }
            } else if let items = schema["items"] {
                result += faults(element, items, inner)
            }
        }
        return result
    }

    private func size(_ count: Int, _ schema: JSON, _ least: String, _ most: String, _ path: String) -> [String] {
        if let bound = schema[least]?.intValue, count < bound { return ["\(path): too few"] }
        if let bound = schema[most]?.intValue, count > bound { return ["\(path): too many"] }
        return []
    }

    private func members(_ object: JSONObject, _ schema: JSON, _ path: String) -> [String] {
        var result = size(object.count, schema, "minProperties", "maxProperties", path)
        for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where object[name] == nil {
            result.append("\(path)/\(name): missing")
        }
        for rule in schema["dependencies"]?.objectValue?.members ?? [] where object[rule.key] != nil {
            if case .array(let names) = rule.value {
                result += names.compactMap(\.stringValue).filter { object[$0] == nil }.map { "\(path)/\($0): missing beside \(rule.key)" }
            } else {
                result += faults(.object(object), rule.value, path)
            }
        }
        let own = schema["properties"]
        let byPattern = schema["patternProperties"]?.objectValue?.members ?? []
        for member in object.members {
            let inner = "\(path)/\(member.key)"
            if let names = schema["propertyNames"] { result += faults(.string(member.key), names, inner) }
            let schemas = [own?[member.key]].compactMap { $0 } + byPattern.filter { matches(member.key, $0.key) }.map(\.value)
            for one in schemas { result += faults(member.value, one, inner) }
            guard schemas.isEmpty, let other = schema["additionalProperties"] else { continue }
            result += other == false ? ["\(inner): unknown"] : faults(member.value, other, inner)
        }
        return result
    }
}
