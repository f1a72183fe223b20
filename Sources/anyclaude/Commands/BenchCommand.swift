import ArgumentParser
import Control
import JSON
import LaunchPlan

struct BenchCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a backend as a user meets it: a first request, the next one, and one after a restart.",
        discussion: """
            Prompts are of its own making, new at each run, and sized by the backend's own count. The worker is restarted once for each size; \
            other clients wait meanwhile. Ends with 1 where a first request takes longer than 60 s or a later one longer than 5 s.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("The backend; otherwise the stack's default.", valueName: "NAME")) var backend: String?
    @Option(help: ArgumentHelp("The model id, as a client would name it.", valueName: "ID")) var model: String?
    @Option(help: ArgumentHelp("Tokens of the first prompts, as 512 or 4k.", valueName: "N,…")) var sizes = "1k,4k,16k"
    @Option(help: ArgumentHelp("The longest answer, in tokens.", valueName: "N")) var answer = 64
    @Flag(help: "Leave the worker alone.") var noRestart = false
    @Option(help: "How long to wait for the next part of an answer, and for a restart.") var timeout = "10m"
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        if Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
        if Self.sizes(sizes) == nil { throw ValidationError("--sizes \(sizes): expected numbers of tokens, as 512,4k,16k") }
        if !(1...100_000).contains(answer) { throw ValidationError("--answer \(answer): expected 1 to 100000 tokens") }
    }

    /// `512,4k`; nil for anything else.
    static func sizes(_ text: String) -> [Int]? {
        let sizes = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> Int? in
            let isKilo = part.lowercased().hasSuffix("k")
            guard let number = Int(isKilo ? part.dropLast() : part), (1...10_000_000).contains(number) else { return nil }
            let tokens = number * (isKilo ? 1024 : 1)
            return (16...10_000_000).contains(tokens) ? tokens : nil
        }
        return sizes.contains(nil) ? nil : sizes.compactMap { $0 }
    }

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
        let stack = try StackClient.current(of: supervisor)
        let (backend, id) = try measured(stack.address.settings)
        let run = BenchRun(
            session: session, supervisor: supervisor, stack: stack, backend: backend, model: id, sizes: Self.sizes(sizes) ?? [], answerTokens: answer,
            restarts: !noRestart, timeoutMs: Text.milliseconds(timeout) ?? 0)
        let report = try run.run()
        if json { Output.print(report.json.versioned()) } else { Output.print(report.lines(session.style).joined(separator: "\n")) }
        guard !report.rows.isEmpty else {
            throw CommandError("nothing was measured: no prompt fits", hint: "name smaller ones with --sizes", exitCode: ExitStatus.precondition)
        }
        return report.holds ? ExitStatus.success : ExitStatus.diagnostics
    }

    /// The backend, and a model id that leads to it.
    private func measured(_ settings: ProxySettings) throws(CommandError) -> (ProxySettings.Backend, String) {
        let name = backend ?? settings.defaultBackend
        guard let found = settings.backends.first(where: { $0.name == name }) else {
            throw CommandError(
                "the stack has no backend `\(name)`",
                hint: "it has \(settings.backends.map(\.name).joined(separator: ", ")); `anyclaude apply --backend \(name)` makes one the default",
                exitCode: ExitStatus.precondition)
        }
        let id = model ?? settings.modelID(reaching: found)
        let target = settings.backendNamed(by: id)
        guard target == found else {
            throw CommandError(
                "the model `\(id)` goes to the backend `\(target?.name ?? "-")`, not to `\(name)`", hint: "name another with --model",
                exitCode: ExitStatus.precondition)
        }
        return (found, id)
    }
}
