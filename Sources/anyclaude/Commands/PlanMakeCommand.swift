import ArgumentParser
import ConfigCompiler
import Control
import JSON
import LaunchPlan

struct PlanMakeCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Show what an apply would start, replace or stop, and which lines of the configuration are the reason.",
        usage: """
            anyclaude plan [<options>]
            anyclaude plan show <plan>
            anyclaude plan verify <planfile>
            """,
        discussion: """
            `plan` alone is `plan make`. `plan show` shows a saved plan or an applied generation as a whole, `plan verify` says whether a \
            saved plan is what it was; each has its own --help.

            A signature (--sign) is a file beside the plan, made by ssh-keygen in the namespace anyclaude-plan@v1. It covers the plan and what \
            it was made against. `anyclaude apply FILE --verify ALLOWED_SIGNERS` applies a signed plan alone.
            """,
        helpNames: .shortAndLong)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "The plan, the differences and where each value comes from, as JSON; with --explain, the explanations.") var json = false
    @Option(help: ArgumentHelp("Save the plan; `anyclaude apply FILE` then applies exactly it.", valueName: "FILE"), completion: .file()) var out:
        String?
    @Option(
        help: ArgumentHelp(
            "With --out: sign the plan with this private key, or with a public key whose private half ssh-agent has, into FILE.sig.",
            valueName: "KEY"),
        completion: .file()) var sign: String?
    @Option(
        help: ArgumentHelp(
            "Instead of the plan: where the value of a key comes from and what it went before (backends.*.port, proxy, port); repeatable.",
            valueName: "KEY")) var explain: [String] = []
    @Flag(name: .customLong("detailed-exitcode"), help: "End with 2 where there are changes.") var detailedExitCode = false
    @Flag(help: "Ask no supervisor: compare with the generation on the disk.") var offline = false
    @Flag(inversion: .prefixedNo, help: "Show whether what must hold before an apply holds here.") var preflight = true
    @Option(help: ArgumentHelp("Where requests go that no route takes, instead of what the file says.", valueName: "NAME")) var backend: String?

    func validate() throws {
        if sign != nil, out == nil { throw ValidationError("--sign goes with --out FILE: the signature is written beside it") }
        if out?.isEmpty == true { throw ValidationError("--out needs a file") }
        if out == "-" { throw ValidationError("--out needs a file; `plan --json` writes to standard output, and `apply -` reads it") }
        if !explain.isEmpty, out != nil || detailedExitCode || offline {
            throw ValidationError("--explain makes no plan: --out, --detailed-exitcode and --offline do not go with it")
        }
    }

    func execute(_ session: Session) throws -> Int32 {
        let overrides = backend.map { [Override.backend($0)] } ?? []
        let compiled = try session.compile(try session.requireConfigurationPath(), overrides: overrides)
        if !explain.isEmpty { return try explain(compiled, session) }
        let base = try session.basePlan(compiled.plan.instance, offline: offline)
        let comparison = try PlanComparison(base: base, new: compiled.plan, provenance: compiled.provenance)
        if let out { try save(comparison.envelope, to: out, session) }
        let section =
            preflight ? PreflightSection(comparison, compiled.plan, directory: compiled.directory, session: session, offline: offline) : nil
        if json { Output.print(try document(comparison, section)) } else { show(comparison, compiled, section, session) }
        return detailedExitCode && !comparison.diff.isEmpty ? ExitStatus.changes : ExitStatus.success
    }

    private func explain(_ compiled: CompiledConfiguration, _ session: Session) throws -> Int32 {
        var origins: [ValueOrigin] = []
        do throws(UnknownKey) {
            for key in explain { origins += try compiled.origins?.values(of: key) ?? [] }
        } catch {
            throw CommandError(Text.line(error.message), hint: Text.line(error.hint), exitCode: ExitStatus.usage)
        }
        if json {
            Output.print((["values": try JSON(encoding: origins)] as JSON).versioned())
        } else {
            for line in OriginText(style: session.style).lines(origins) { Output.print(line) }
        }
        return ExitStatus.success
    }

    /// Nothing is written before the signature is there.
    private func save(_ envelope: PlanEnvelope, to path: String, _ session: Session) throws {
        let signature = path + PlanSignature.suffix
        guard let sign else {
            try PlanFile.write(envelope, to: path)
            if Paths.exists(signature) { Output.note("\(signature) is of another plan: this one is not signed") }
            return
        }
        let bytes = try SignatureTool(environment: session.caller.environment).sign(envelope.signedBytes, key: sign)
        try PlanFile.write(envelope, to: path)
        try Files.write(bytes, to: signature, mode: 0o600, place: .named)
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
        showRoutes(compiled.plan, style)
        preflight?.show(style)
        Output.print("\nplan \(Text.shortID(comparison.envelope.planId)): \(text.summary(comparison.diff))")
        guard let out else { return }
        Output.print("saved; apply exactly this with `anyclaude apply \(out)`")
        if sign != nil { Output.print("signed in \(out)\(PlanSignature.suffix); `anyclaude apply \(out) --verify ALLOWED_SIGNERS` wants it so") }
    }

    private func showRoutes(_ plan: LaunchPlan, _ style: Style) {
        guard let settings = plan.services.first(where: { $0.role == .proxy })?.settings, let proxy: ProxySettings = try? settings.decode() else {
            return
        }
        let rows = RouteText.rows(proxy)
        guard !rows.isEmpty else { return }
        Output.print("\n\(style.bold("routes"))")
        let width = rows.map(\.match.count).max() ?? 0
        for row in rows { Output.print("  \(row.match.padding(to: width))  \(row.targets)") }
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
