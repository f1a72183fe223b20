import Control

/// What a command has to work with.
struct Session {
    let options: any CommonOptions
    let caller: Caller
    let style: Style
    let errorStyle: Style
    private let commandName: String

    init(_ options: some CommonOptions, command: String) throws(CommandError) {
        if let name = options.instance, !Instance.isName(name) {
            throw CommandError(
                "--instance: `\(Text.line(name))` is not a name", hint: "lower-case letters, digits and `-`, at most 32 of them",
                exitCode: ExitStatus.usage)
        }
        self.options = options
        commandName = command
        caller = try Caller.current()
        style = Style(for: 1, noColor: options.noColor, environment: caller.environment)
        errorStyle = Style(for: 2, noColor: options.noColor, environment: caller.environment)
    }

    /// Said only with `ANYCLAUDE_DEBUG` of at least `level`.
    func debug(_ level: Int, _ text: @autoclosure () -> String) {
        if caller.verbosity >= level { Output.note(errorStyle.dim("debug: \(text())")) }
    }

    /// The command line, for the history: without what is passed on to a client, which may be anything.
    var commandText: String {
        (["anyclaude"] + UpstreamArguments.own(Array(CommandLine.arguments.dropFirst()), command: commandName)).joined(separator: " ")
    }
}
