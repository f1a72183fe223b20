import Diagnostics
import JSON

extension Explanation {
    /// All codes and keys for `anyclaude explain --list`.
    public static var list: String {
        let width = DiagnosticCode.allCases.map(\.page.severity.rawValue.count).max() ?? 0
        let codes = DiagnosticCode.allCases.map { code in
            let severity = code.page.severity.rawValue
            return "\(code.rawValue)  \(severity)\(String(repeating: " ", count: width - severity.count))  \(code.page.title)"
        }
        return (codes + [""] + allKeys).joined(separator: "\n") + "\n"
    }

    /// The same for programs, with all that the pages say.
    public static var listDocument: JSON {
        [
            "format": "anyclaude.explanations", "format_version": "1.0", "codes": .array(DiagnosticCode.allCases.map(\.document)),
            "keys": .array(KeyTable.rows.map(document)),
        ]
    }

    /// What is known of a code or key, for programs; nil where there is neither.
    public static func document(of subject: String) -> JSON? {
        if let code = DiagnosticCode(named: subject) { return code.document }
        let keys = rows(for: subject)
        return keys.isEmpty ? nil : ["keys": .array(keys.map(document))]
    }

    /// The code or key that was probably meant by a text that names none.
    public static func nearest(to subject: String) -> String? {
        let looksLikeCode = subject.lowercased().hasPrefix("ac") && subject.contains(where: \.isNumber) || subject.allSatisfy(\.isNumber)
        if looksLikeCode, let code = DiagnosticCode.nearest(to: subject) { return code.rawValue }
        if let path = Spelling.nearest(to: subject, among: allKeys) { return path }
        return subject.split(separator: ".").last.flatMap { KeyTable.nearest(to: String($0)) }
    }

    private static func document(_ row: KeyTable.Row) -> JSON {
        let spec = row.spec
        var result: JSONObject = [
            "key": .string(row.path), "doc": .string(spec.doc), "takes": .string(form(of: spec.type)), "required": .bool(spec.isRequired),
            "since": .string(spec.since),
        ]
        if let value = spec.defaultValue { result["default"] = value.json }
        if let note = spec.defaultNote { result["default_note"] = .string(note) }
        if !spec.aliases.isEmpty { result["aliases"] = .array(spec.aliases.map { .string($0) }) }
        if let newer = spec.deprecatedBy { result["deprecated_by"] = .string(newer) }
        if let unused = spec.unused { result["unused"] = .string(unused.reason) }
        return .object(result)
    }
}

extension DiagnosticCode {
    fileprivate var document: JSON {
        [
            "code": .string(rawValue), "severity": .string(page.severity.rawValue), "stage": .string(stage.title), "title": .string(page.title),
            "text": .string(page.text),
        ]
    }
}
