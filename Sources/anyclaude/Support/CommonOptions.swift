import ArgumentParser

/// What every command can be told.
protocol CommonOptions {
    var file: String? { get }
    var instance: String? { get }
    var noColor: Bool { get }
}

/// The options that every command takes.
struct GlobalOptions: ParsableArguments, CommonOptions {
    @Option(name: [.short, .long], help: configurationHelp, completion: .file()) var file: String?
    @Option(help: instanceHelp) var instance: String?
    @Flag(name: .customLong("no-color"), help: noColorHelp) var noColor = false
}

/// The same for a command whose `-f` is to follow.
struct FollowOptions: ParsableArguments, CommonOptions {
    @Option(help: configurationHelp, completion: .file()) var file: String?
    @Option(help: instanceHelp) var instance: String?
    @Flag(name: .customLong("no-color"), help: noColorHelp) var noColor = false
    @Flag(name: [.short, .long], help: "Go on with what comes, until interrupted.") var follow = false
}

private let configurationHelp = ArgumentHelp(
    "The configuration; otherwise the first of .anyclauderc.yaml, .yml, .json and .anyclauderc in this folder.", valueName: "FILE")
private let instanceHelp = ArgumentHelp("The stack's name on this machine; otherwise what the configuration says, or `default`.", valueName: "NAME")
private let noColorHelp: ArgumentHelp = "No colours (also NO_COLOR)."
/// Of the commands that compile the file for a stack that is to run.
let captureHelp: ArgumentHelp = "Keep whole exchanges, prompts included, for `anyclaude replay`, as `proxy.capture.enabled: true` does."
