import Diagnostics
import JSON

/// The texts of `anyclaude explain`.
public enum Explanation {
    /// The page of a code, in any case of letters; nil where there is no such code.
    public static func code(_ text: String) -> String? { DiagnosticCode(rawValue: text.uppercased())?.explanation }

    /// What is known of a key (`port`, or dotted: `proxy.port`, `backends.*.port`, `backends.mlx.port`); nil where there is none.
    public static func key(_ name: String) -> String? {
        let rows = rows(for: name)
        return rows.isEmpty ? nil : rows.map(page).joined(separator: "\n")
    }

    /// All dotted keys, in the order of the table.
    public static var allKeys: [String] { KeyTable.rows.map(\.path) }

    static func rows(for name: String) -> [KeyTable.Row] {
        if name.contains(".") { return KeyTable.rows.filter { matches($0.path, name) } }
        return KeyTable.rows.filter { $0.spec.name == name || $0.spec.aliases.contains(name) }
    }

    /// A dotted name fits a place; any name stands for `*`.
    private static func matches(_ path: String, _ name: String) -> Bool {
        let places = path.split(separator: ".")
        let parts = name.split(separator: ".")
        return places.count == parts.count && zip(places, parts).allSatisfy { $0 == $1 || $0 == "*" || $0.dropLast(2) == $1 && $0.hasSuffix("[]") }
    }

    private static func page(_ row: KeyTable.Row) -> String {
        let spec = row.spec
        var lines = [row.path, "  \(spec.doc)", "  takes    \(form(of: spec.type))"]
        if let value = spec.defaultValue { lines.append("  default  \(value.json.stringValue ?? value.json.text)") }
        if let note = spec.defaultNote { lines.append("  default  \(note)") }
        if spec.isRequired { lines.append("  required") }
        if !spec.aliases.isEmpty { lines.append("  also     \(spec.aliases.joined(separator: ", "))") }
        if let newer = spec.deprecatedBy { lines.append("  deprecated: write \(newer)") }
        lines.append("  since    \(spec.since)")
        if case .choice(let choices) = spec.type {
            for choice in choices {
                lines.append("    \(choice.name): \(choice.doc)\(choice.aliases.isEmpty ? "" : " (also \(choice.aliases.joined(separator: ", ")))")")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func form(of type: ValueType) -> String {
        switch type {
        case .boolean: "true or false"
        case .integer(let range): "an integer, \(range.lowerBound)...\(range.upperBound)"
        case .decimal(let range): "a number, \(Decimals.text(range.lowerBound))...\(Decimals.text(range.upperBound))"
        case .string, .prose: "a text"
        case .choice(let choices): "one of \(choices.map(\.name).joined(separator: ", "))"
        case .duration(let range): "a duration, \(Quantity.text(milliseconds: range.lowerBound))...\(Quantity.text(milliseconds: range.upperBound))"
        case .milliseconds: "a duration, or an integer of milliseconds"
        case .size(let range): "a size, \(Quantity.text(bytes: range.lowerBound))...\(Quantity.text(bytes: range.upperBound))"
        case .path: "a path: absolute, `~/…`, or relative to the file's folder"
        case .url: "a URL (http, https)"
        case .host: "an address or host name"
        case .name: "a name: lower-case letters, digits, `-`"
        case .httpPath: "a path of HTTP, as /health"
        case .secret: "{ env: NAME }, { file: PATH } or { credential: NAME }"
        case .processors: "processors, as 0-3 or 0,2,4-7"
        case .names: "a list of names"
        case .texts: "a list of texts"
        case .arguments: "a list: a program and its arguments"
        case .variables: "a mapping of variables to texts or secret references"
        case .section(let scope), .optional(let scope):
            "\(isOptional(type) ? "`none`, or a mapping" : "a mapping") of \(scope.keys.filter { $0.unused == nil }.map(\.name).joined(separator: ", "))"
        case .list(let scope): "a list of mappings of \(scope.keys.map(\.name).joined(separator: ", "))"
        case .named: "a mapping of names to mappings"
        case .members: "a mapping, as the server's own API has it"
        case .files: "a list of paths, relative to this file"
        case .anything: "anything"
        }
    }

    private static func isOptional(_ type: ValueType) -> Bool { if case .optional = type { true } else { false } }
}
