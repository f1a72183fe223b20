import Diagnostics

extension SyntaxNode {
    /// A finding for each key that a mapping has twice, at any depth.
    func duplicateKeys() -> [Diagnostic] {
        var result: [Diagnostic] = []
        collectDuplicates(&result)
        return result
    }

    /// More of them in one file say nothing new.
    private static let most = 1000

    private func collectDuplicates(_ result: inout [Diagnostic]) {
        if result.count >= Self.most { return }
        switch value {
        case .sequence(let elements):
            for element in elements where element.isContainer { element.collectDuplicates(&result) }
        case .mapping(let entries):
            if entries.count <= Self.fewEntries {
                for index in entries.indices {
                    if let first = entries[..<index].firstIndex(where: { $0.key == entries[index].key }) {
                        result.append(Self.duplicate(entries[index].key, first: entries[first], again: entries[index]))
                    }
                }
            } else {
                var seen: [String: Int] = Dictionary(minimumCapacity: entries.count)
                for (index, entry) in entries.enumerated() {
                    if result.count >= Self.most { return }
                    if let first = seen[entry.key] {
                        result.append(Self.duplicate(entry.key, first: entries[first], again: entry))
                    } else {
                        seen[entry.key] = index
                    }
                }
            }
            for entry in entries where entry.value.isContainer { entry.value.collectDuplicates(&result) }
        default: break
        }
    }

    /// Up to this many, comparing all keys is cheaper than a table of them.
    private static let fewEntries = 24

    private var isContainer: Bool {
        switch value {
        case .sequence, .mapping: true
        default: false
        }
    }

    static func duplicate(_ key: String, first: SyntaxEntry, again: SyntaxEntry) -> Diagnostic {
        let name = key.count > 64 ? String(key.prefix(64)) + "…" : key
        return Diagnostic(
            .duplicateKey,
            first.key == again.key ? "key `\(name)` given twice in one mapping" : "key `\(name)` given twice, as `\(first.key)` and `\(again.key)`",
            at: again.keySpan, label: "given again here", secondary: [.init(first.keySpan, "first given here")],
            notes: ["YAML leaves open which one counts, JSON readers differ: keep one"])
    }
}
