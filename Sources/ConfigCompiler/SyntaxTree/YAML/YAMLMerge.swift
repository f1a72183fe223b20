import Diagnostics

/// The merge key `<<` (yaml.org/type/merge.html): what a mapping says itself counts before what it merges.
enum YAMLMerge {
    static func resolve(_ entries: [SyntaxEntry], _ diagnostics: inout [Diagnostic]) -> [SyntaxEntry] {
        var result = entries.filter { !($0.key == "<<" && $0.keyStyle == .plain) }
        let merges = entries.filter { $0.key == "<<" && $0.keyStyle == .plain }
        if merges.count > 1 { diagnostics.append(SyntaxNode.duplicate("<<", first: merges[0], again: merges[1])) }
        let own = Set(result.map(\.key))
        var merged: [String: SyntaxEntry] = [:]
        for source in merges.prefix(1).flatMap({ sources(of: $0, &diagnostics) }) {
            guard case .mapping(let members) = source.value else { continue }
            for member in members where !own.contains(member.key) {
                if let first = merged[member.key] {
                    if first.value.json != member.value.json {
                        diagnostics.append(
                            Diagnostic(
                                .mergeConflict, "`<<` gives `\(member.key)` twice, with different values", at: source.alias ?? source.span,
                                label: "gives it again",
                                secondary: [.init(first.keySpan, "first given here"), .init(member.keySpan, "then here")],
                                notes: ["write `\(member.key)` in the mapping itself: that goes before both"]))
                    }
                    continue
                }
                var copy = member
                copy.isMerged = true
                merged[member.key] = copy
                result.append(copy)
            }
        }
        return result
    }

    private static func sources(of merge: SyntaxEntry, _ diagnostics: inout [Diagnostic]) -> [SyntaxNode] {
        let candidates: [SyntaxNode]
        if case .sequence(let elements) = merge.value.value { candidates = elements } else { candidates = [merge.value] }
        return candidates.filter { node in
            if case .mapping = node.value { return true }
            diagnostics.append(
                Diagnostic(
                    .invalidMerge, "`<<` needs a mapping, found \(node.typeName)", at: node.alias ?? node.span, label: "not a mapping",
                    notes: ["as `<<: *name`, with `&name` before the mapping that is meant"]))
            return false
        }
    }
}
