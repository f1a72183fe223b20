/// The filters of lists.
extension TemplateEvaluator {
    /// nil where there is no filter of that name.
    func sequenceFilter(_ name: String, _ value: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue? {
        switch name {
        case "first": return try iterate(value).first ?? .undefined("no first item, sequence was empty")
        case "last": return try iterate(value).last ?? .undefined("no last item, sequence was empty")
        case "reverse":
            if case .string(let text) = value {
                var reversed = String.UnicodeScalarView()
                reversed.append(contentsOf: text.unicodeScalars.reversed())
                return .string(String(reversed))
            }
            return .list(try iterate(value).reversed())
        case "map": return .list(try map(try iterate(value), arguments))
        case "select", "reject": return .list(try select(try iterate(value), arguments, attribute: nil, keeps: name == "select"))
        case "selectattr", "rejectattr":
            guard let attribute = arguments.positional.first else { throw failure("`\(name)` needs the name of an attribute") }
            let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
            return .list(try select(try iterate(value), rest, attribute: attribute, keeps: name == "selectattr"))
        case "sort":
            let sorted = try sorted(try iterate(value), by: arguments.value(2, "attribute"), caseSensitive: arguments.value(1, "case_sensitive"))
            return .list(arguments.value(0, "reverse")?.isTrue ?? false ? reversedStable(sorted) : sorted.map(\.value))
        case "dictsort":
            guard case .dict(let dict) = value else { throw failure("`dictsort` needs a dict, not \(value.typeName)") }
            let byValue = arguments.value(1, "by")?.text == "value"
            let pairs = dict.members.map { TemplateValue.tuple([$0.key, $0.value]) }
            let sorted = try sorted(pairs, by: .integer(byValue ? 1 : 0), caseSensitive: arguments.value(0, "case_sensitive"))
            return .list(arguments.value(2, "reverse")?.isTrue ?? false ? reversedStable(sorted) : sorted.map(\.value))
        case "unique":
            var seen: [TemplateValue] = []
            var result: [TemplateValue] = []
            for element in try iterate(value) {
                let key = foldedCase(try keyed(element, arguments.value(1, "attribute")), arguments.value(0, "case_sensitive"))
                try check(size: seen.count)
                if seen.contains(where: { $0.equals(key) }) { continue }
                seen.append(key)
                result.append(element)
            }
            return .list(result)
        case "sum":
            var total = arguments.value(1, "start") ?? .integer(0)
            if case .string = total { throw failure("`sum` cannot sum strings: use `join`") }
            for element in try iterate(value) { total = try binary(.add, total, try keyed(element, arguments.value(0, "attribute"))) }
            return total
        case "groupby": return .list(try groups(of: try iterate(value), arguments))
        case "batch", "slice": return .list(try parts(of: try iterate(value), name, arguments))
        case "min", "max":
            let sorted = try sorted(try iterate(value), by: arguments.value(1, "attribute"), caseSensitive: arguments.value(0, "case_sensitive"))
            guard let first = sorted.first, let last = sorted.last else { return .undefined("no aggregated item, sequence was empty") }
            if name == "min" { return first.value }
            // The first of equals, as Python's max gives.
            for entry in sorted where try order(entry.key, last.key) == 0 { return entry.value }
            return last.value
        default: return nil
        }
    }

    func keyed(_ value: TemplateValue, _ attribute: TemplateValue?) throws(RuntimeError) -> TemplateValue {
        guard let attribute, !attribute.equals(.none) else { return value }
        return try path(attribute, of: value)
    }

    private func map(_ elements: [TemplateValue], _ arguments: TemplateArguments) throws(RuntimeError) -> [TemplateValue] {
        var result: [TemplateValue] = []
        if arguments.positional.isEmpty, let attribute = arguments.named.first(where: { $0.name == "attribute" })?.value {
            let fallback = arguments.named.first { $0.name == "default" }?.value
            for element in elements {
                let value = try path(attribute, of: element)
                result.append(value.isUndefined ? fallback ?? value : value)
            }
            return result
        }
        guard let filter = arguments.positional.first?.stringValue else { throw failure("`map` needs a filter or an attribute") }
        let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        for element in elements { result.append(try self.filter(filter, element, rest)) }
        return result
    }

    private func select(
        _ elements: [TemplateValue], _ arguments: TemplateArguments, attribute: TemplateValue?, keeps: Bool
    ) throws(RuntimeError) -> [TemplateValue] {
        let test = arguments.positional.first?.text
        let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        var result: [TemplateValue] = []
        for element in elements {
            let value = try keyed(element, attribute)
            let holds = try test.map { name throws(RuntimeError) in try self.test(name, value, rest) } ?? value.isTrue
            if holds == keeps { result.append(element) }
        }
        return result
    }

    func foldedCase(_ value: TemplateValue, _ caseSensitive: TemplateValue?) -> TemplateValue {
        guard !(caseSensitive?.isTrue ?? false), let text = value.stringValue else { return value }
        return .string(text.lowercased())
    }

    typealias Keyed = (key: TemplateValue, value: TemplateValue)

    /// A stable merge sort, since the order may be refused between two values.
    func sorted(
        _ elements: [TemplateValue], by attribute: TemplateValue?, caseSensitive: TemplateValue?
    ) throws(RuntimeError) -> [(key: TemplateValue, value: TemplateValue)] {
        var runs: [[Keyed]] = []
        for element in elements { runs.append([(foldedCase(try keyed(element, attribute), caseSensitive), element)]) }
        while runs.count > 1 {
            var merged: [[Keyed]] = []
            for index in stride(from: 0, to: runs.count, by: 2) {
                merged.append(index + 1 < runs.count ? try merge(runs[index], runs[index + 1]) : runs[index])
            }
            runs = merged
        }
        return runs.first ?? []
    }

    private func merge(_ left: [Keyed], _ right: [Keyed]) throws(RuntimeError) -> [Keyed] {
        var result: [Keyed] = []
        var one = left[...]
        var other = right[...]
        while let first = one.first, let second = other.first {
            try step()
            if try order(second.key, first.key) < 0 { result.append(other.removeFirst()) } else { result.append(one.removeFirst()) }
        }
        return result + one + other
    }

    /// From the last to the first, equals in their old order (`sorted(…, reverse=True)`).
    private func reversedStable(_ sorted: [(key: TemplateValue, value: TemplateValue)]) -> [TemplateValue] {
        var groups: [[Keyed]] = []
        for entry in sorted {
            if let last = groups.last?.last, last.key.equals(entry.key) { groups[groups.count - 1].append(entry) } else { groups.append([entry]) }
        }
        return groups.reversed().flatMap { $0.map(\.value) }
    }
}
