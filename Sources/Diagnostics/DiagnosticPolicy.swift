/// What the caller makes of codes: `--deny` turns a warning into an error, `--allow` takes it out of the report.
public struct DiagnosticPolicy: Sendable, Equatable {
    /// Why a wish cannot be followed.
    public enum Refusal: Error, Equatable {
        case unknown(String, nearest: DiagnosticCode?)
        /// Errors say that there is no plan; hiding one would only hide the reason.
        case isError(DiagnosticCode)
        case contradiction(DiagnosticCode)

        /// Lower case, without a full stop.
        public var message: String {
            switch self {
            case .unknown(let text, _): "there is no code `\(text)`"
            case .isError(let code): "\(code.rawValue) (\(code.page.title)) is an error and cannot be allowed: there would be no plan all the same"
            case .contradiction(let code): "\(code.rawValue) is both denied and allowed"
            }
        }

        public var hint: String {
            switch self {
            case .unknown(_, let nearest?): "did you mean \(nearest.rawValue) (\(nearest.page.title))?"
            case .unknown(_, nil): "`anyclaude explain --list` has all codes"
            case .isError(let code): "only warnings can be allowed; `anyclaude explain \(code.rawValue)` tells how to put it right"
            case .contradiction: "name it once"
            }
        }
    }

    public private(set) var denied: Set<DiagnosticCode> = []
    public private(set) var allowed: Set<DiagnosticCode> = []

    public init() {}

    public init(deny: [String], allow: [String]) throws(Refusal) {
        for text in deny { denied.insert(try Self.code(text)) }
        for text in allow { allowed.insert(try Self.allowable(text)) }
        if let both = denied.intersection(allowed).min(by: { $0.rawValue < $1.rawValue }) { throw .contradiction(both) }
    }

    /// The code that may be allowed; comments in files and flags share it.
    public static func allowable(_ text: String) throws(Refusal) -> DiagnosticCode {
        let code = try code(text)
        guard code.page.severity < .error else { throw .isError(code) }
        return code
    }

    private static func code(_ text: String) throws(Refusal) -> DiagnosticCode {
        guard let code = DiagnosticCode(named: text) else { throw .unknown(text, nearest: DiagnosticCode.nearest(to: text)) }
        return code
    }

    public func apply(to diagnostics: [Diagnostic]) -> [Diagnostic] {
        if denied.isEmpty, allowed.isEmpty { return diagnostics }
        return diagnostics.compactMap { diagnostic in
            // A finding may be graver than its code is as a rule.
            if allowed.contains(diagnostic.code), diagnostic.severity < .error { return nil }
            guard denied.contains(diagnostic.code), diagnostic.severity < .error else { return diagnostic }
            var copy = diagnostic
            copy.severity = .error
            copy.notes.append("an error because of `--deny \(diagnostic.code.rawValue)`")
            return copy
        }
    }
}
