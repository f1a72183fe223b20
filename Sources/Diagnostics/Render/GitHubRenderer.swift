/// Diagnostics as workflow commands, which GitHub shows beside the lines of a change.
///
/// GitHub shows ten of a kind for each step and drops the rest without a word, so errors go first and the last line counts all.
/// <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>
public struct GitHubRenderer: Sendable {
    public init() {}

    /// One line for each diagnostic and a summary; empty where there are none.
    public func render(_ report: Report) -> String {
        guard !report.isEmpty else { return "" }
        let all = report.inputs.flatMap { input in input.diagnostics.map { ($0, input) } }
        let sorted = Diagnostic.Severity.allCases.reversed().flatMap { severity in all.filter { $0.0.severity == severity } }
        var lines = sorted.prefix(Report.maximumShown).map { command($0, $1) }
        if all.count > Report.maximumShown { lines.append("… and \(all.count - Report.maximumShown) more") }
        lines.append(([report.counts] + report.hints).joined(separator: "; "))
        return lines.joined(separator: "\n") + "\n"
    }

    private func command(_ diagnostic: Diagnostic, _ input: Findings) -> String {
        let properties = place(diagnostic, input) + [("title", "\(diagnostic.code.rawValue): \(diagnostic.code.page.title)")]
        let list = properties.map { "\($0)=\(Self.property($1))" }.joined(separator: ",")
        return "::\(Self.name(of: diagnostic.severity)) \(list)::\(Self.data(message(diagnostic, input.sources)))"
    }

    private static func name(of severity: Diagnostic.Severity) -> String { severity == .note ? "notice" : severity.rawValue }

    /// Columns are taken only where the place is on one line.
    private func place(_ diagnostic: Diagnostic, _ input: Findings) -> [(String, String)] {
        guard let span = diagnostic.primary else { return [("file", input.path)] }
        let source = input.sources[span.file]
        let (start, end) = (source.position(of: span.start), source.position(of: span.end))
        var result = [("file", source.path), ("line", "\(start.line)"), ("endLine", "\(end.line)")]
        if start.line == end.line { result += [("col", "\(start.column)"), ("endColumn", "\(max(start.column + 1, end.column))")] }
        return result
    }

    private func message(_ diagnostic: Diagnostic, _ sources: SourceMap) -> String {
        var lines = [diagnostic.label.isEmpty ? diagnostic.message : "\(diagnostic.message): \(diagnostic.label)"]
        lines += diagnostic.secondary.map { "\(sources.place(of: $0.span)): \($0.label)" }
        lines += diagnostic.notes.map { "note: \($0)" }
        lines += diagnostic.fixes.map { "help: \($0.description) (\($0.applicability.rawValue))" }
        return lines.joined(separator: "\n")
    }

    static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r\n", with: "%0D%0A").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    static func property(_ text: String) -> String { data(text).replacing(":", with: "%3A").replacing(",", with: "%2C") }
}
