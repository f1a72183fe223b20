import JSON
import LaunchPlan

/// `apply --dry-run`: what an apply would do and whether it could begin, without starting a supervisor or touching anything.
struct DryRun {
    let session: Session
    var replace = false
    var json = false

    /// - Returns: exit code 3 where something does not hold.
    /// - Throws: where that cannot be known.
    func show(_ comparison: PlanComparison, _ plan: LaunchPlan, directory: String) throws -> Int32 {
        let section = PreflightSection(comparison, plan, directory: directory, session: session, replace: replace)
        if json {
            var document = try JSON(encoding: comparison.envelope).objectValue ?? [:]
            document["diff"] = try JSON(encoding: comparison.diff)
            try section.add(to: &document)
            Output.print(JSON.object(document).versioned())
        } else {
            let text = DiffText(style: session.style)
            for line in text.lines(comparison.diff) { Output.print(line) }
            section.show(session.style)
            Output.print("\nplan \(Text.shortID(comparison.envelope.planId)): \(text.summary(comparison.diff)); nothing was done")
        }
        switch section.answer {
        case .report(let report): return report.holds ? ExitStatus.success : ExitStatus.precondition
        case .unavailable(let error): throw CommandError(json ? error.message : nil, hint: error.hint, exitCode: error.exitCode)
        }
    }
}
