/// What a command has to work with.
struct Session {
    let options: any CommonOptions
    let caller: Caller
    let style: Style
    let errorStyle: Style

    init(_ options: some CommonOptions) throws(CommandError) {
        self.options = options
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
        let own = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
        return (["anyclaude"] + own).joined(separator: " ")
    }
}
