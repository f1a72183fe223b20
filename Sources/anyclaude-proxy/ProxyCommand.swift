import ArgumentParser
import Proxy

@main
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anyclaude-proxy", abstract: "The Anthropic-API server of a stack.",
        discussion: """
            Without options it takes its settings, secrets and listeners from its supervisor, as descriptors. With --settings it runs alone: \
            backends that are services of a plan are then refused.
            """,
        subcommands: [MeasureTranslationCommand.self])

    @Option(help: ArgumentHelp("Run alone, with these settings (JSON).", valueName: "file"))
    var settings: String?
    @Option(help: ArgumentHelp("Secrets by id (a JSON object), for --settings.", valueName: "file"))
    var secrets: String?
    @Option(help: "The port to listen on, for --settings and --replay; 0 lets the system choose.")
    var port = 8788
    @Option(help: "The address to listen on, for --settings and --replay.")
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Serve the answers of this capture, without a model; the address goes to standard output.", valueName: "file"))
    var replay: String?
    @Option(help: ArgumentHelp("Whose answers, for --replay.", valueName: "name"))
    var backend: String?
    @Flag(help: "End with standard input, for --replay.")
    var untilInputEnds = false

    func run() async throws {
        Proxy.chooseEventLoops()
        do {
            if let replay {
                return try await Proxy.replay(file: replay, backend: backend, host: host, port: port, untilInputEnds: untilInputEnds)
            }
            let launch =
                if let settings { try ProxyLaunch.alone(settingsFile: settings, secretsFile: secrets, host: host, port: port) } else {
                    try ProxyLaunch.inherited()
                }
            try await Proxy.run(launch)
        } catch let error as ProxyError {
            Proxy.report(error)
            throw ExitCode(78)
        }
    }
}
