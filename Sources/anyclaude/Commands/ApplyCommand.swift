import ArgumentParser
import ConfigCompiler
import Control
import Glibc
import LaunchPlan

struct ApplyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make the machine match the configuration; restore what ran before where it does not become healthy.",
        discussion: """
            Starts a supervisor where none runs. With PLANFILE, a plan that `plan --out` saved is applied exactly as it is; with --verify, only \
            if one of the signers signed it, and before anything is touched.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signature: SignatureOptions
    @Option(
        help: ArgumentHelp(
            "With PLANFILE: where its relative paths begin; otherwise where it was made, and with --verify the current folder.", valueName: "DIR"),
        completion: .directory) var directory: String?
    @Argument(help: ArgumentHelp("A saved plan; `-` is standard input.", valueName: "planfile"), completion: .file()) var planFile: String?
    @Flag(help: "Take over an instance whose plan came from another folder or has moved on.") var replace = false
    @Option(help: ArgumentHelp("How long the whole apply may take, as 90s or 5m.", valueName: "D")) var timeout: String?
    @Flag(inversion: .prefixedNo, help: "Wait for the end; otherwise only until the first service is touched, and the apply goes on.")
    var wait = true
    @Flag(help: "Each step as one line of JSON.") var json = false
    @Flag(name: .customLong("dry-run"), help: "Only show what would be done and whether it could begin; end with 3 where it could not.")
    var dryRun = false
    @Flag(help: "Do not ask before a service is stopped.") var yes = false
    @Option(help: ArgumentHelp("Where requests go that no route takes, instead of what the file says.", valueName: "NAME")) var backend: String?
    @Flag(help: captureHelp) var capture = false

    func validate() throws {
        if let timeout, Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
        if signature.signers != nil, planFile == nil { throw ValidationError("--verify is about a saved plan: name one") }
        if planFile != nil, global.file != nil || backend != nil || capture {
            throw ValidationError("a saved plan is applied as it is: none of -f, --backend and --capture goes with it")
        }
        if planFile == nil, directory != nil { throw ValidationError("--directory goes with a saved plan") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let prepared = try prepare(session)
        if dryRun {
            return try DryRun(session: session, replace: replace, json: json).show(
                try comparison(prepared, try session.basePlan(prepared.plan.instance)), prepared.plan, directory: prepared.directory)
        }
        let supervisor = try session.supervisor(prepared.plan.instance)
        let comparison: PlanComparison
        do {
            comparison = try self.comparison(prepared, try supervisor.client.currentPlan())
            try confirm(comparison, session)
        } catch {
            supervisor.endIfEmpty(session)
            throw error
        }
        var applier = StackApplier(session: session)
        applier.replace = replace
        applier.timeoutMs = timeout.flatMap(Text.milliseconds)
        applier.json = json
        applier.waits = wait
        guard let outcome = try applier.apply(comparison.envelope, prepared.plan, configDirectory: prepared.directory, to: supervisor) else {
            if !json { Output.print("begun; `anyclaude status --watch` shows how it goes, `anyclaude history` how it ended") }
            return ExitStatus.success
        }
        if !json { report(outcome, prepared.plan, session) }
        return Int32(outcome.exitCode)
    }

    private struct Prepared {
        var plan: LaunchPlan
        var provenance: Provenance
        var directory: String
        var saved: PlanEnvelope?
    }

    private func comparison(_ prepared: Prepared, _ base: CurrentPlan?) throws -> PlanComparison {
        try prepared.saved.map { try PlanComparison(base: base, saved: $0, plan: prepared.plan) }
            ?? PlanComparison(base: base, new: prepared.plan, provenance: prepared.provenance)
    }

    private func prepare(_ session: Session) throws -> Prepared {
        if let planFile {
            let (envelope, plan) = try PlanFile.read(planFile)
            if let signer = try signature.verify(envelope, from: planFile, session) {
                Output.note("signed by \(Text.line(signer.identity)) with \(signer.key)")
            }
            if let name = global.instance, name != plan.instance {
                throw CommandError(
                    "the plan is for the instance `\(plan.instance)`, not `\(name)`",
                    hint: "make one with `anyclaude plan --instance \(name) --out FILE`",
                    exitCode: ExitStatus.precondition)
            }
            let directory = try folder(envelope.provenance, session)
            return Prepared(plan: plan, provenance: envelope.provenance, directory: directory, saved: envelope)
        }
        let overrides: [Override] = (backend.map { [.backend($0)] } ?? []) + (capture ? [.capture] : [])
        let compiled = try session.compile(try session.requireConfigurationPath(), overrides: overrides)
        return Prepared(plan: compiled.plan, provenance: compiled.provenance, directory: compiled.directory)
    }

    /// What the plan's relative paths are below. Where the plan was made is written beside it and nothing vouches for that: who asks for a
    /// signature says the folder too.
    private func folder(_ provenance: Provenance, _ session: Session) throws(CommandError) -> String {
        if let directory {
            let path = session.caller.absolute(directory)
            guard Paths.exists(path) else {
                throw CommandError("\(directory): no such folder", hint: "--directory names where relative paths begin", exitCode: ExitStatus.noInput)
            }
            return path
        }
        let made = PlanFile.configurationDirectory(provenance, caller: session.caller)
        guard signature.isWanted, made != session.caller.directory else { return made }
        Output.note("relative paths of the plan begin in \(session.caller.directory); --directory names another folder")
        return session.caller.directory
    }

    /// Asks a person before a service that runs is taken away; a script is not asked.
    private func confirm(_ comparison: PlanComparison, _ session: Session) throws {
        guard comparison.interrupts, !yes, !json, Terminal.isTerminal(STDIN_FILENO), Terminal.isTerminal(STDERR_FILENO) else { return }
        for line in DiffText(style: session.errorStyle).lines(comparison.diff) { Output.note(line) }
        Output.note("apply? [y/N] ", terminator: "")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError("nothing was done", exitCode: ExitStatus.precondition)
        }
    }

    private func report(_ outcome: Outcome, _ plan: LaunchPlan, _ session: Session) {
        outcome.report(session, done: "applied")
        guard outcome.exitCode == 0, let address = try? StackAddress(of: plan) else { return }
        Output.print("Claude Code: `anyclaude run -- claude`, or ANTHROPIC_BASE_URL=\(address.baseURL)")
    }
}
