import Diagnostics

extension SyntaxNode {
    /// A finding for each key that a mapping has twice, at any depth.
    func duplicateKeys() -> [Diagnostic] {
        var result: [Diagnostic] = []
        collectDuplicates(&result)
        return result
    }

    private func collectDuplicates(_ result: inout [Diagnostic]) {
        switch value {
        case .sequence(let elements):
            for element in elements { element.collectDuplicates(&result) }
        case .mapping(let entries):
            var seen: [String: SyntaxEntry] = [:]
            for entry in entries {
                if let first = seen[entry.key] {
                    result.append(Self.duplicate(entry.key, first: first, again: entry))
                } else if entries.count > 1 {
                    seen[entry.key] = entry
                }
                entry.value.collectDuplicates(&result)
            }
        default: break
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
