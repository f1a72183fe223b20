import Diagnostics
import JSON

extension Checker {
    mutating func unknownKey(_ entry: SyntaxEntry, _ scope: Scope, _ node: SyntaxNode, _ place: Place) {
        let shown = entry.key.count > 64 ? String(entry.key.prefix(64)) + "…" : entry.key
        if entry.keyStyle == .plain, case .null = entry.value.value, let colon = entry.key.firstIndex(of: ":"),
            scope.key(String(entry.key[..<colon])) != nil
        {
            let offset = entry.keySpan.start + entry.key[..<colon].utf8.count + 1
            let gap = SourceSpan(entry.keySpan.file, offset..<offset)
            report(
                Diagnostic(
                    .missingSpace, "`\(shown)` is one key without a value", at: entry.keySpan, label: "a space must follow the colon",
                    fixes: [Fix("put a space after the colon", .safe, edits: [.init(gap, " ")])], path: place.child(entry.key).pointer))
            return
        }
        // Comparing spellings is the dearest part of checking: a flood of unknown keys gets no suggestions.
        let isFlood = diagnostics.count >= 100
        let near = isFlood ? nil : Spelling.nearest(to: entry.key, among: scope.keys.filter { $0.unused == nil }.flatMap { [$0.name] + $0.aliases })
        if SecretScan.isSecretName(entry.key) || near.flatMap(scope.key)?.isSecret == true {
            for span in entry.value.textSpans { mask(span) }
        }
        var notes: [String] = []
        var fixes: [Fix] = []
        if isFlood {
            // The key's place says enough.
        } else if let near {
            let text = entry.keyStyle == .plain ? near : JSON.string(near).text
            fixes = [Fix("a similar key exists", .suggestion, edits: [.init(entry.keySpan, text)])]
        } else if let elsewhere = KeyTable.places(of: entry.key).first {
            notes = ["`\(shown)` belongs at `\(elsewhere)`"]
        } else if let name = KeyTable.nearest(to: entry.key), let elsewhere = KeyTable.places(of: name).first {
            notes = ["did you mean `\(name)`? It belongs at `\(elsewhere)`"]
        } else {
            notes = ["known here: \(scope.keys.filter { $0.unused == nil && $0.deprecatedBy == nil }.map { "`\($0.name)`" }.joined(separator: ", "))"]
        }
        report(
            Diagnostic(
                .unknownKey, "unknown key `\(shown)` in \(scope.name)", at: entry.keySpan, label: "not a key of \(scope.name)",
                secondary: container(scope, node, place),
                notes: notes, fixes: fixes, path: place.child(entry.key).pointer))
    }

    /// The name of the mapping that holds an unknown key, where it helps to find it.
    private func container(_ scope: Scope, _ node: SyntaxNode, _ place: Place) -> [Diagnostic.Secondary] {
        guard let span = place.keySpan else { return [] }
        return [.init(span, "in \(scope.name.replacing("a ", with: "this ", maxReplacements: 1))")]
    }
}
