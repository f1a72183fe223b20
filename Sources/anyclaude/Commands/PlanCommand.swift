import ArgumentParser
import ConfigCompiler
import Control
import JSON
import LaunchPlan

struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what an apply would start, replace or stop, and which lines of the configuration are the reason.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "The plan, the differences and where each value comes from, as JSON.") var json = false
    @Option(help: ArgumentHelp("Save the plan; `anyclaude apply FILE` then applies exactly it.", valueName: "FILE"), completion: .file()) var out:
        String?
    @Flag(name: .customLong("detailed-exitcode"), help: "End with 2 where there are changes.") var detailedExitCode = false
    @Flag(help: "Ask no supervisor: compare with the generation on the disk.") var offline = false
    @Flag(inversion: .prefixedNo, help: "Show whether what must hold before an apply holds here.") var preflight = true
    @Option(help: ArgumentHelp("Where requests go that no route takes, instead of what the file says.", valueName: "NAME")) var backend: String?

    func execute(_ session: Session) throws -> Int32 {
        let overrides = backend.map { [Override.backend($0)] } ?? []
        let compiled = try session.compile(try session.requireConfigurationPath(), overrides: overrides)
        let base = try session.basePlan(compiled.plan.instance, offline: offline)
        let comparison = try PlanComparison(base: base, new: compiled.plan, provenance: compiled.provenance)
        if let out { try PlanFile.write(comparison.envelope, to: out) }
        let section =
            preflight ? PreflightSection(comparison, compiled.plan, directory: compiled.directory, session: session, offline: offline) : nil
        if json { Output.print(try document(comparison, section)) } else { show(comparison, compiled, section, session) }
        return detailedExitCode && !comparison.diff.isEmpty ? ExitStatus.changes : ExitStatus.success
    }

    private func document(_ comparison: PlanComparison, _ preflight: PreflightSection?) throws -> JSON {
        var document = try JSON(encoding: comparison.envelope).objectValue ?? [:]
        document["diff"] = try JSON(encoding: comparison.diff)
        document["base_generation"] = comparison.base.map { .integer($0.generation) } ?? .null
        try preflight?.add(to: &document)
        return JSON.object(document).versioned()
    }

    private func show(_ comparison: PlanComparison, _ compiled: CompiledConfiguration, _ preflight: PreflightSection?, _ session: Session) {
        let style = session.style
        let text = DiffText(style: style)
        if let base = comparison.base {
            Output.print("compared with generation \(base.generation), plan \(Text.shortID(base.envelope.planId))\n")
        } else {
            Output.print("nothing has been applied yet\n")
        }
        for line in text.lines(comparison.diff) { Output.print(line) }
        showDecisions(compiled.decisions, style)
        preflight?.show(style)
        Output.print("\nplan \(Text.shortID(comparison.envelope.planId)): \(text.summary(comparison.diff))")
        if let out { Output.print("saved; apply exactly this with `anyclaude apply \(out)`") }
    }

    private func showDecisions(_ decisions: [WorkerDecision], _ style: Style) {
        guard !decisions.isEmpty else { return }
        Output.print("\n\(style.bold("backends"))")
        let width = decisions.map(\.backend.count).max() ?? 0
        for decision in decisions {
            let what = decision.engine.map { "worker (\($0))" } ?? "no worker"
            Output.print("  \(decision.backend.padding(to: width))  \(what): \(decision.reason)")
        }
    }
}
