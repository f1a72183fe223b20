import Diagnostics

/// Keys that change nothing become comments: `#` and the reason where YAML has lines, a name that begins with `//` elsewhere.
enum UnusedKeyRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        text.compilation.diagnostics.compactMap { diagnostic in
            // A refused key asks for something that is not done: that is for a person to decide.
            guard diagnostic.code == .unusedKey, diagnostic.severity < .error, let span = diagnostic.primary, let entry = text.entry(at: span) else {
                return nil
            }
            let reason = diagnostic.message.firstRange(of: "here: ").map { String(diagnostic.message[$0.upperBound...]) } ?? diagnostic.message
            return rewrite(entry, text, reason, code: .unusedKey)
        }
    }

    /// A comment in place of an entry that nothing reads.
    static func rewrite(_ entry: MigrationText.Entry, _ text: MigrationText, _ reason: String, code: DiagnosticCode?) -> Rewrite? {
        let id = "comment \(entry.id)"
        if !text.refused.contains(id), let edits = text.commentingOut(entry, reason: "not used: \(reason)") {
            return Rewrite(
                id: id, code: code, key: entry.key, action: "comment it out", reason: reason, edits: edits, offset: entry.span.start)
        }
        guard !text.hasProperty(entry.span) else { return nil }
        return Rewrite(
            id: "rename \(entry.id)", code: code, key: entry.key, action: "make it a comment key", reason: reason,
            edits: text.renamingAway(entry), offset: entry.span.start, noteIfRefused: "\(entry.key) is left as it is, although \(reason)")
    }
}
