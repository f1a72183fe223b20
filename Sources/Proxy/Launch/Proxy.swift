@preconcurrency import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Serving

/// The Anthropic-API server, wired and run.
public enum Proxy {
    /// Where the settings say nothing.
    private static let usualDrain = Duration.seconds(25)

    /// Chooses how many event loops the process has: one for eight processors. One carries thousands of requests a second, and what comes
    /// within one of its turns shares the wake-up, which costs more than a piece of an answer. Once in a process, before all else.
    public static func chooseEventLoops() { NIOSingletons.groupLoopCountSuggestion = max(1, System.coreCount / 8) }

    /// Serves until SIGTERM or SIGINT; requests in flight then finish, within the settings' `drainMs`. Its log goes to standard error.
    ///
    /// - Parameter level: what of its log is written.
    public static func run(_ launch: ProxyLaunch, level: Logger.Level = .info) async throws {
        if launch.settings.authToken == nil, let open = launch.listeners.first(where: { !ListeningSocket.isLoopback($0) }) {
            throw ProxyError(
                "other machines could use port \(ListeningSocket.boundPort(of: open) ?? 0), and no token is asked for",
                hint: "set `auth_token`, or listen on 127.0.0.1")
        }
        let tls = try launch.tls()
        var named = Logger(label: "anyclaude-proxy") { StreamLogHandler.standardError(label: $0) }
        named.logLevel = level
        let logger = named
        let client = UpstreamClient(limits: launch.settings.limits)
        let assembly: ProxyAssembly
        do {
            assembly = try await ProxyAssembly(launch, client: client, logger: logger)
        } catch {
            try await client.shutdown()
            throw error
        }
        let probes = HTTPService(listeners: launch.probeListeners, responder: ProxyResponder(assembly, asksForToken: false), logger: logger)
        let retirement = assembly.upstreams.directory.retirement
        let server = HTTPService(
            listeners: launch.listeners, responder: ProxyResponder(assembly, asksForToken: true),
            // With a successor nobody waits for this one's end, and a client may be slow.
            patience: { retirement.hasTime ? .seconds(10) : .seconds(1) }, logger: logger,
            onConnection: { try tls?.protect($0) },
            onRunning: {
                SupervisorReports(logger: logger).ready(status: "serving")
                let ports = launch.listeners.compactMap(ListeningSocket.boundPort).map(String.init).joined(separator: ", ")
                logger.info("serving", metadata: ["port": "\(ports)", "default": "\(launch.settings.defaultBackend)"])
            })
        let drain = launch.settings.drainMs.map { Duration.milliseconds($0) } ?? Self.usualDrain
        // Stopped in reverse: clients first, probes last.
        let probeServices = launch.probeListeners.isEmpty ? [] : [probes]
        var configuration = ServiceGroupConfiguration(
            services: probeServices.map { .init(service: $0) }
                + [
                    .init(
                        service: DrainingServer(server, assembly.generations, drain, retirement),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // The server keeps to its own time; what hangs even then is for the supervisor's SIGKILL.
        configuration.maximumGracefulShutdownDuration = DrainingServer.longest + .seconds(3)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            assembly.generations.cancelAll()
            try await client.shutdown()
            assembly.records.finish()
            throw error
        }
        let savings = await assembly.savings()
        logger.info("the caches have saved", metadata: savings)
        assembly.generations.cancelAll()
        try await client.shutdown()
        assembly.records.finish()
    }

    /// What went wrong before serving, for people.
    public static func report(_ error: ProxyError) {
        let hint = error.hint.map { "\n  hint: \($0)" } ?? ""
        fputs("anyclaude-proxy: \(error.message)\(hint)\n", stderr)
    }
}
