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
            if SecretScan.isSecretName(String(entry.key[..<colon])) { mask(SourceSpan(entry.keySpan.file, offset..<max(offset, entry.keySpan.end))) }
            report(
                Diagnostic(
                    .missingSpace, "`\(shown)` is one key without a value", at: entry.keySpan, label: "a space must follow the colon",
                    fixes: [Fix("put a space after the colon", .safe, edits: [.init(gap, " ")])], path: place.child(entry.key).pointer))
            return
        }
        // Comparing spellings is the dearest part of checking: a flood of unknown keys gets no suggestions.
        let advice = diagnostics.count >= 100 ? UnknownKeyAdvice() : advice(for: entry, scope, node, place)
        if SecretScan.isSecretName(entry.key) || advice.isSecret {
            for span in entry.value.textSpans { mask(span) }
        }
        let owner = owner(scope, place)
        report(
            Diagnostic(
                .unknownKey, "unknown key `\(shown)` in \(owner)", at: entry.keySpan, label: "not a key of \(scope.name)",
                secondary: container(scope, place) + advice.secondary, notes: advice.notes, fixes: advice.fixes,
                path: place.child(entry.key).pointer))
    }

    private func advice(for entry: SyntaxEntry, _ scope: Scope, _ node: SyntaxNode, _ place: Place) -> UnknownKeyAdvice {
        let usable = scope.keys.filter { $0.unused == nil }
        let spellings = usable.flatMap { [$0.name] + $0.aliases }
        let near = Spelling.nearest(to: entry.key, among: spellings)
        let home = KeyHome(of: entry.key, seenFrom: place)
        // A key that is right elsewhere is more likely out of place than misspelt.
        if let near, home == nil || Spelling.isSame(near, entry.key) {
            let others = spellings.filter { scope.key($0)?.name != scope.key(near)?.name }
            let isCertain = Spelling.isCertain(near, for: entry.key, among: others) && !gives(scope.key(near), node, scope)
            let text = entry.keyStyle == .plain ? near : JSON.string(near).text
            return UnknownKeyAdvice(
                fixes: [
                    Fix(isCertain ? "write `\(near)`" : "a similar key exists", isCertain ? .safe : .suggestion, edits: [.init(entry.keySpan, text)])
                ], isSecret: scope.key(near)?.isSecret == true)
        }
        if let home {
            return UnknownKeyAdvice(
                notes: ["`\(home.name)` belongs \(home.parent): `\(home.path)`"],
                secondary: home.span(in: root).map { [.init($0, "belongs under this `\(home.components.dropLast().last ?? "")`")] } ?? [],
                fixes: [home.components(below: place).flatMap { nesting(entry, in: node, under: $0, .suggestion) }].compactMap { $0 },
                isSecret: home.spec.isSecret)
        }
        if let name = KeyTable.nearest(to: entry.key), let home = KeyHome(of: name, seenFrom: place) {
            return UnknownKeyAdvice(
                notes: ["did you mean `\(home.name)`? It belongs \(home.parent): `\(home.path)`"], isSecret: home.spec.isSecret)
        }
        let known = usable.filter { $0.deprecatedBy == nil }.map { "`\($0.name)`" }
        return UnknownKeyAdvice(notes: ["known here: \(known.joined(separator: ", "))"])
    }

    /// Whether the mapping has the key already, under any of its names.
    private func gives(_ spec: KeySpec?, _ node: SyntaxNode, _ scope: Scope) -> Bool {
        guard let spec, case .mapping(let entries) = node.value else { return false }
        return entries.contains { scope.key($0.key)?.name == spec.name }
    }

    private func owner(_ scope: Scope, _ place: Place) -> String {
        guard place.components.count == 2, place.components[0] == FileKeys.backends.name else { return scope.name }
        return "backend `\(place.name)`"
    }

    /// The name of the mapping that holds an unknown key, where it helps to find it.
    private func container(_ scope: Scope, _ place: Place) -> [Diagnostic.Secondary] {
        guard let span = place.keySpan else { return [] }
        return [.init(span, "in \(scope.name.replacing("a ", with: "this ", maxReplacements: 1))")]
    }
}

/// What can be said about a key that is not known where it stands.
private struct UnknownKeyAdvice {
    var notes: [String] = []
    var secondary: [Diagnostic.Secondary] = []
    var fixes: [Fix] = []
    /// The key that was meant holds a secret.
    var isSecret = false
}
