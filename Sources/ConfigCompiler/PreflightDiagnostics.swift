import Diagnostics
import LaunchPlan

extension Compilation {
    /// The compilation with what the machine answers to the plan's checks: each finding a diagnostic at the key that asks for it.
    public func adding(_ report: PreflightReport) -> Compilation {
        var copy = self
        let found = report.findings.map { diagnostic($0.finding, of: $0.result) }
        let reported = comments?.applyLater(to: found) ?? found
        if reported.isEmpty { return copy }
        // Where the compiler had nothing to report, nothing is hidden yet.
        copy.sources = hiddenSources
        copy.diagnostics = (diagnostics + reported).sortedForReport().withoutSecrets(of: copy.sources)
        return copy
    }

    private func diagnostic(_ finding: PreflightFinding, of result: PreflightResult) -> Diagnostic {
        let span = keys.span(of: result.key)
        return Diagnostic(
            finding.severity == .error ? .preflightFailed : .preflightWarning, span == nil ? "\(result.key): \(finding.message)" : finding.message,
            at: span, label: span == nil ? "" : "asked for here", notes: finding.hint.map { [$0] } ?? [],
            path: "/" + result.key.split(separator: ".").joined(separator: "/"))
    }
}
