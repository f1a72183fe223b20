/// Filters that put the elements of a list together.
extension TemplateEvaluator {
    /// `groupby`: pairs of a key and the elements that have it, in the order of the keys.
    func groups(of elements: [TemplateValue], _ arguments: TemplateArguments) throws(RuntimeError) -> [TemplateValue] {
        guard let attribute = arguments.value(0, "attribute") else { throw failure("`groupby` needs the name of an attribute") }
        let fallback = arguments.value(1, "default")
        var pairs: [TemplateValue] = []
        for element in elements {
            let value = try keyed(element, attribute)
            pairs.append(.tuple([value.isUndefined ? fallback ?? value : value, element]))
        }
        let caseSensitive = arguments.value(2, "case_sensitive")
        var groups: [(key: TemplateValue, folded: TemplateValue, elements: [TemplateValue])] = []
        for pair in try sorted(pairs, by: .integer(0), caseSensitive: caseSensitive) {
            guard case .tuple(let parts) = pair.value else { continue }
            if let last = groups.last, last.folded.equals(pair.key) {
                groups[groups.count - 1].elements.append(parts[1])
            } else {
                groups.append((parts[0], pair.key, [parts[1]]))
            }
        }
        return groups.map { .tuple([$0.key, .list($0.elements)]) }
    }

    /// `batch`: lists of so many elements; `slice`: so many lists.
    func parts(of elements: [TemplateValue], _ name: String, _ arguments: TemplateArguments) throws(RuntimeError) -> [TemplateValue] {
        let count = arguments.value(0, name == "batch" ? "linecount" : "slices")?.integer ?? 0
        // As for ranges.
        guard (1...100_000).contains(count) else { throw failure("`\(name)` needs a number from 1 to 100000") }
        var filler = arguments.value(1, "fill_with")
        if case .none? = filler { filler = nil }
        if name == "batch" {
            return stride(from: 0, to: elements.count, by: count).map { start in
                let part = Array(elements[start..<min(start + count, elements.count)])
                return .list(part + (filler.map { Array(repeating: $0, count: count - part.count) } ?? []))
            }
        }
        let (size, extra) = elements.count.quotientAndRemainder(dividingBy: count)
        var start = 0
        return (0..<count).map { index in
            let part = Array(elements[start..<(start + size + (index < extra ? 1 : 0))])
            start += part.count
            return .list(part + (index >= extra ? filler.map { [$0] } ?? [] : []))
        }
    }
}
