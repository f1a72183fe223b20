import Diagnostics

/// The checker's own safe fixes: names that are deprecated or misspelt, yes and no, quoted numbers, `${NAME}` for a secret.
enum SafeFixRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        text.compilation.diagnostics.compactMap { diagnostic in
            guard let fix = diagnostic.safeFix(in: FileID(0)), let start = fix.edits.first?.span.start else { return nil }
            let key = diagnostic.path.map(Pointer.dotted) ?? diagnostic.primary.flatMap { name(of: $0, text) } ?? ""
            return Rewrite(
                id: "fix \(diagnostic.code.rawValue) \(key) \(fix.description)", code: diagnostic.code, key: key, action: fix.description,
                reason: diagnostic.message, edits: fix.edits, offset: diagnostic.primary.map { $0.file == FileID(0) ? $0.start : start } ?? start)
        }
    }

    /// Of a finding that names no value: the key that it stands at.
    private static func name(of place: SourceSpan, _ text: MigrationText) -> String? {
        (text.entry(at: place) ?? text.entries.first { $0.entry.value.span == place })?.key
    }
}

/// JSON Pointers, as findings have them.
enum Pointer {
    static func components(_ pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
            String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    static func dotted(_ pointer: String) -> String { components(pointer).joined(separator: ".") }
}
