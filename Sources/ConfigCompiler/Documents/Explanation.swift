import Diagnostics

/// The texts of `anyclaude explain`.
public enum Explanation {
    /// The page of a code, in any case of letters; nil where there is no such code.
    public static func code(_ text: String) -> String? { DiagnosticCode(rawValue: text.uppercased())?.explanation }

    /// What is known of a key (`port`, or dotted: `proxy.port`, `backends.*.port`); nil where there is no such key.
    public static func key(_ name: String) -> String? { nil }

    public static var allCodes: [DiagnosticCode] { DiagnosticCode.allCases }
    /// All dotted keys, in the order of the table.
    public static var allKeys: [String] { [] }
}
