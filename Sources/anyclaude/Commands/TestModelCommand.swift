import ArgumentParser
import Control
import Glibc
import JSON

struct TestModelCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "test-model", abstract: "Ask the model something through the running stack, and say how long it took.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("The model id, as a client would name it.", valueName: "ID")) var model: String?
    @Option(help: ArgumentHelp("Require that the stack's default backend is this one.", valueName: "NAME")) var backend: String?
    @Option(help: "How long to wait for the next part of the answer.") var timeout = "10m"
    @Argument(help: "The question.") var prompt = "Say hello in one short sentence."

    func validate() throws {
        if Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let stack = try StackClient.current(of: try session.requireSupervisor(session.instanceName()))
        let settings = stack.address.settings
        if let backend, backend != settings.defaultBackend {
            throw CommandError(
                "the stack's default backend is `\(settings.defaultBackend)`, not `\(backend)`",
                hint: "`anyclaude apply --backend \(backend)` changes it",
                exitCode: ExitStatus.precondition)
        }
        let id = model ?? settings.backends.first { $0.name == settings.defaultBackend }?.model ?? "claude-sonnet-5-5"
        let target = try MessagesTarget(stack: stack, backend: stack.defaultBackend, caller: session.caller)
        let body: JSONObject = [
            "model": .string(id), "max_tokens": 256, "temperature": 0, "messages": [["role": "user", "content": .string(prompt)]],
        ]
        var exchange = try ModelExchange(target, body, timeoutMs: Text.milliseconds(timeout) ?? 0)
        try exchange.run { Output.print($0, terminator: "") }
        Output.print("")
        Output.note(session.errorStyle.dim(exchange.summary(id)))
        return ExitStatus.success
    }
}
