/// Diagnostics as a JUnit report: a suite for each input, in it a case for each group of checks, which fails where there are errors.
///
/// One failure holds all that its group found, since many readers take the first only. Warnings are a case's output.
public struct JUnitRenderer: Sendable {
    public init() {}

    public func render(_ report: Report) -> String {
        let suites = report.inputs.map(Suite.init)
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"anyclaude validate\" \(counts(suites))>")
        for suite in suites {
            lines.append("  <testsuite name=\"\(Self.attribute(suite.input.path))\" \(counts([suite]))>")
            for group in suite.groups { lines += self.lines(group, suite.input) }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Group {
        var stage: DiagnosticStage
        var findings: [Diagnostic]
        var errors: [Diagnostic] { findings.filter { $0.severity == .error } }
    }

    private struct Suite {
        let input: Findings
        let groups: [Group]

        init(_ input: Findings) {
            self.input = input
            let stages = Set(DiagnosticCode.allCases.map(\.stage))
            let all = DiagnosticStage.allCases.filter(stages.contains).map { stage in
                Group(stage: stage, findings: input.diagnostics.filter { $0.code.stage == stage })
            }.filter { !$0.findings.isEmpty || !Self.isOnlyMadeWhenAsked($0) }
            // What could not be read did not pass the other checks.
            let unread = all.filter { Self.isUnread($0) && !$0.errors.isEmpty }
            groups = unread.isEmpty ? all : unread
        }

        /// What nobody asked of the machine has not passed.
        static func isOnlyMadeWhenAsked(_ group: Group) -> Bool { group.stage == .plan }

        /// An input that could not be read was not tested at all: an `error`, not a `failure`.
        static func isUnread(_ group: Group) -> Bool { group.stage == .files }
    }

    private func counts(_ suites: [Suite]) -> String {
        let failing = suites.flatMap(\.groups).filter { !$0.errors.isEmpty }
        let errors = failing.count(where: Suite.isUnread)
        return "tests=\"\(suites.reduce(0) { $0 + $1.groups.count })\" failures=\"\(failing.count - errors)\" errors=\"\(errors)\" skipped=\"0\""
    }

    private func lines(_ group: Group, _ input: Findings) -> [String] {
        let head = "    <testcase classname=\"anyclaude.validate\" name=\"\(Self.attribute(group.stage.title))\""
        guard !group.findings.isEmpty else { return [head + "/>"] }
        var result = [head + ">"]
        if let first = group.errors.first {
            let element = Suite.isUnread(group) ? "error" : "failure"
            let rest = group.errors.count - 1
            let message = "\(first.code.rawValue): \(first.message)\(rest > 0 ? " (and \(rest) more)" : "")"
            let text = Self.data(blocks(group.errors, input))
            result.append("      <\(element) type=\"\(first.code.rawValue)\" message=\"\(Self.attribute(message))\">\(text)</\(element)>")
        }
        let others = group.findings.filter { $0.severity < .error }
        if !others.isEmpty { result.append("      <system-out>\(Self.data(blocks(others, input)))</system-out>") }
        return result + ["    </testcase>"]
    }

    private func blocks(_ diagnostics: [Diagnostic], _ input: Findings) -> String {
        let renderer = TextRenderer(color: false)
        let shown = diagnostics.prefix(Report.maximumShown).map { renderer.block($0, input.sources) }
        let rest = diagnostics.count - shown.count
        return (shown + (rest > 0 ? ["… and \(rest) more\n"] : [])).joined(separator: "\n")
    }

    /// Text between tags; what XML 1.0 cannot hold becomes U+FFFD.
    static func data(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func attribute(_ text: String) -> String {
        data(text).replacing("\"", with: "&quot;").replacing("\n", with: "&#10;").replacing("\t", with: "&#9;")
    }
}
