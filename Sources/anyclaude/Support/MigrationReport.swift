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

    /// Which of the two texts places are of.
    enum Version { case old, new }

    /// Secrets that stay: where, never what.
    func remainders(in version: Version) -> [String] {
        let lines = migration.remainders.map { remainder in
            let place = version == .old ? remainder.oldPlace : remainder.place
            let key = remainder.key.isEmpty ? "a comment" : style.bold(Text.line(hidden(remainder.key)))
            let code = remainder.code.map { style.dim(" (\($0.rawValue))") } ?? ""
            return "\(style.hint("note")): \(Text.line(source.path)):\(place.line):\(place.column): what looks like a secret stays in \(key)\(code)"
        }
        let others = migration.remainderCount - lines.count
        return others == 0 ? lines : lines + ["\(style.hint("note")): and in \(others) other place\(others == 1 ? "" : "s")"]
    }

    /// The errors that no step mends; nil where there are none.
    var errors: String? {
        let count = migration.after.diagnostics.count { $0.severity == .error }
        switch count {
        case 0: return nil
        case 1: return "1 error remains; `anyclaude validate` shows it"
        default: return "\(count) errors remain; `anyclaude validate` shows them"
        }
    }

    /// Each change with its place in the old file and its reason, then the secrets that move, then what was left and why.
    func lines() -> [String] {
        let changes = ordered.flatMap { change in
            let key = change.key.isEmpty ? "" : "\(style.bold(hidden(change.key))): "
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
                "code": change.code.map { .string($0.rawValue) } ?? .null, "key": .string(hidden(change.key)),
                "action": .string(hidden(change.action)), "reason": .string(hidden(change.reason)), "line": .integer(change.place.line),
                "column": .integer(change.place.column),
            ]
        }
        // As with changes, places are of the old text.
        let remainders = migration.remainders.map { remainder -> JSON in
            [
                "code": remainder.code.map { .string($0.rawValue) } ?? .null, "key": .string(hidden(remainder.key)),
                "line": .integer(remainder.oldPlace.line), "column": .integer(remainder.oldPlace.column),
            ]
        }
        let document: JSON = [
            "file": .string(source.path), "changed": .bool(migration.bytes != source.bytes), "written": .bool(isWritten),
            "backup": backup.map { .string($0) } ?? .null, "changes": .array(changes),
            "secrets": .array(migration.secrets.map { ["key": .string(hidden($0.key)), "file": .string($0.path)] }),
            "remainders": .array(remainders), "remainder_count": .integer(migration.remainderCount),
            "notes": .array(migration.notes.map { .string(hidden($0)) }), "before": counts(migration.before),
            "after": counts(migration.after),
            "diff": .string(diff.text),
        ]
        return document.versioned()
    }
}
