import ArgumentParser
import ConfigCompiler
import Control

struct RunCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run Claude Code, or any program, on the stack; start what is missing, and stop it with the last client.",
        discussion: "PROXY_ONLY=true starts the stack, prints the address, and waits to be interrupted.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Where requests go that no route takes, instead of what the file says.", valueName: "NAME")) var backend: String?
    @Flag(help: captureHelp) var capture = false
    @Flag(help: "Take over an instance whose plan came from another folder.") var replace = false
    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("The program and its arguments; options alone are those of `claude`.", valueName: "program"))
    var program: [String] = []

    private var overrides: [Override] { (backend.map { [.backend($0)] } ?? []) + (capture ? [.capture] : []) }

    func execute(_ session: Session) throws -> Int32 {
        let proxyOnly = session.caller.isSet("PROXY_ONLY")
        let arguments = program.first.map { $0.hasPrefix("-") } ?? true ? ["claude"] + program : program
        if !proxyOnly, Paths.onPath(arguments[0], session.caller.environment) == nil {
            throw CommandError(
                "cannot find the program `\(arguments[0])`",
                hint: arguments[0] == "claude" ? "install Claude Code, or use PROXY_ONLY=true and `anyclaude env`" : "check PATH",
                exitCode: ExitStatus.noInput)
        }
        let (stack, attachment) = try StackStarter(session: session, overrides: overrides, replace: replace).start()
        // Not before: until a client runs, a signal ends this command, and with it a stack that nobody else uses.
        var signals = try SignalPipe(proxyOnly ? ClientProcess.endingSignals : ClientProcess.watchedSignals)
        if proxyOnly {
            Output.print(stack.address.baseURL)
            return try attachment.hold(until: &signals)
        }
        var environment = session.caller.environment
        for variable in try stack.environment(session.caller).variables { environment[variable.name] = variable.value }
        return try ClientProcess(arguments: arguments, environment: environment).run(holding: attachment, signals: &signals)
    }
}
