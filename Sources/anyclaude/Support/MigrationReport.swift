import ConfigCompiler
import Diagnostics
import JSON

/// What `migrate` would change or has changed: for people, and as a document.
struct MigrationReport {
    let migration: Migration
    let source: SourceFile
    let style: Style

    private var values: [String] { migration.secrets.map(\.value) }

    var diff: UnifiedDiff {
        UnifiedDiff(
            old: source.shown(hiding: values), new: SourceFile(path: source.path, bytes: migration.bytes).shown(hiding: values),
            names: (source.path, source.path))
    }

    private var ordered: [Migration.Change] {
        migration.changes.enumerated().sorted { ($0.1.place.line, $0.1.place.column, $0.0) < ($1.1.place.line, $1.1.place.column, $1.0) }
            .map(\.element)
    }

    /// Each change with its place in the old file and its reason, then the secrets that move, then what was left.
    func lines() -> [String] {
        let changes = ordered.flatMap { change in
            let key = change.key.isEmpty ? "" : "\(style.bold(Text.line(change.key))): "
            let code = change.code.map { style.dim(" (\($0.rawValue))") } ?? ""
            return ["\(change.place.line):\(change.place.column)  \(key)\(hidden(change.action))", "    \(hidden(change.reason))\(code)"]
        }
        let notes = migration.notes.map { "\(style.hint("note")): \(hidden($0))" }
        let count = migration.changes.count
        return (count == 0 ? [] : ["\(count) change\(count == 1 ? "" : "s") in \(Text.line(source.path)), by place in the old file"]) + changes
            + notes
    }

    /// A message may quote a value.
    private func hidden(_ text: String) -> String {
        Text.line(values.filter { $0.utf8.count >= 4 }.reduce(text) { $0.replacing($1, with: "********") })
    }

    /// - Parameter backup: the file that was written beside the new one.
    func document(isWritten: Bool, backup: String?) -> JSON {
        func counts(_ findings: Findings) -> JSON {
            [
                "errors": .integer(findings.diagnostics.count { $0.severity == .error }),
                "warnings": .integer(findings.diagnostics.count { $0.severity == .warning }),
            ]
        }
        let changes = ordered.map { change -> JSON in
            [
                "code": change.code.map { .string($0.rawValue) } ?? .null, "key": .string(change.key), "action": .string(hidden(change.action)),
                "reason": .string(hidden(change.reason)), "line": .integer(change.place.line), "column": .integer(change.place.column),
            ]
        }
        let document: JSON = [
            "file": .string(source.path), "changed": .bool(migration.bytes != source.bytes), "written": .bool(isWritten),
            "backup": backup.map { .string($0) } ?? .null, "changes": .array(changes),
            "secrets": .array(migration.secrets.map { ["key": .string($0.key), "file": .string($0.path)] }),
            "notes": .array(migration.notes.map { .string(hidden($0)) }), "before": counts(migration.before), "after": counts(migration.after),
            "diff": .string(diff.text),
        ]
        return document.versioned()
    }
}
