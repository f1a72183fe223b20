/// What was found in one input.
public struct Findings: Sendable {
    /// As the user named it.
    public var path: String
    public var diagnostics: [Diagnostic]
    public var sources: SourceMap

    public init(path: String, diagnostics: [Diagnostic], sources: SourceMap = SourceMap()) {
        self.path = path
        self.diagnostics = diagnostics
        self.sources = sources
    }
}

/// What was found in all inputs of one call: what renderers of whole reports take.
public struct Report: Sendable {
    public var inputs: [Findings]

    public init(_ inputs: [Findings]) { self.inputs = inputs }

    public var diagnostics: [Diagnostic] { inputs.flatMap(\.diagnostics) }
    public var isEmpty: Bool { inputs.allSatisfy(\.diagnostics.isEmpty) }

    public func count(_ severity: Diagnostic.Severity) -> Int {
        inputs.reduce(0) { $0 + $1.diagnostics.count { $0.severity == severity } }
    }

    /// More than these are counted, not shown to people.
    public static let maximumShown = 100
}

extension Report {
    /// `3 errors, 1 warning`, with the number of files where there are several.
    var counts: String {
        func text(_ number: Int, _ noun: String) -> String? { number == 0 ? nil : "\(number) \(noun)\(number == 1 ? "" : "s")" }
        let parts = [text(count(.error), "error"), text(count(.warning), "warning"), text(count(.note), "note")].compactMap { $0 }
        let touched = inputs.count { !$0.diagnostics.isEmpty }
        return parts.joined(separator: ", ") + (inputs.count > 1 ? " in \(touched) of \(inputs.count) files" : "")
    }

    /// What to do next.
    var hints: [String] {
        let codes = Set(diagnostics.map(\.code.rawValue)).sorted()
        var result = [
            codes.count == 1
                ? "`anyclaude explain \(codes[0])` tells more"
                : "`anyclaude explain CODE` tells more (\(codes.prefix(8).joined(separator: ", "))\(codes.count > 8 ? ", …" : ""))"
        ]
        let safe = diagnostics.count { $0.fixes.contains { $0.applicability == .safe && !$0.edits.isEmpty } }
        if safe > 0 { result.append("`anyclaude validate --fix` applies \(safe) safe fix\(safe == 1 ? "" : "es")") }
        return result
    }
}
