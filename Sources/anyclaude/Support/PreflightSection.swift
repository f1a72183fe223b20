import JSON
import LaunchPlan

/// The checks of a plan with their results, as `plan` and `apply --dry-run` show them.
struct PreflightSection {
    let answer: PreflightQuery.Answer
    let checks: [PreflightCheck]

    init(_ comparison: PlanComparison, _ plan: LaunchPlan, directory: String, session: Session, offline: Bool = false, replace: Bool = false) {
        checks = plan.preflight
        answer = PreflightQuery(session: session, offline: offline, replace: replace).ask(comparison.envelope, plan, configDirectory: directory)
    }

    func show(_ style: Style) {
        let text = PreflightText(style: style)
        switch answer {
        case .report(let report):
            Output.print("\n\(style.bold("preflight")): \(report.summary)")
            for line in text.lines(report) { Output.print(line) }
        case .unavailable(let error):
            Output.print("\n\(style.bold("checked before an apply"))")
            for line in text.lines(unchecked: checks) { Output.print(line) }
            Output.note("\(style.warning("note")): the checks could not be made here: \(error.message ?? "")")
            if let hint = error.hint { Output.note("\(style.hint("hint")): \(hint)") }
        }
    }

    /// For a document: the report, or why there is none.
    func add(to document: inout JSONObject) throws {
        switch answer {
        case .report(let report):
            var object = try JSON(encoding: report).objectValue ?? [:]
            object["holds"] = .bool(report.holds)
            document["preflight"] = .object(object)
        case .unavailable(let error):
            document["preflight"] = .null
            document["preflight_unavailable"] = .string(error.message ?? "")
        }
    }
}
