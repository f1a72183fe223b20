import AsyncHTTPClient
@preconcurrency import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Serving

/// The Anthropic-API server, wired and run.
public enum Proxy {
    /// Serves until SIGTERM or SIGINT; requests in flight then finish, within `drainLimit`. Its log goes to standard error.
    public static func run(_ launch: ProxyLaunch, drainLimit: Duration = .seconds(25)) async throws {
        let logger = Logger(label: "anyclaude-proxy") { StreamLogHandler.standardError(label: $0) }
        let client = UpstreamClient(limits: launch.settings.limits)
        let assembly: ProxyAssembly
        do {
            assembly = try await ProxyAssembly(launch, client: client, logger: logger)
        } catch {
            try await client.shutdown()
            throw error
        }
        let probes = HTTPService(listeners: launch.probeListeners, responder: ProxyResponder(assembly, asksForToken: false), logger: logger)
        let server = HTTPService(listeners: launch.listeners, responder: ProxyResponder(assembly, asksForToken: true), logger: logger) {
            try SupervisorNotification.ready(status: "serving")
            let ports = launch.listeners.compactMap(ListeningSocket.boundPort).map(String.init).joined(separator: ", ")
            logger.info("serving", metadata: ["port": "\(ports)", "default": "\(launch.settings.defaultBackend)"])
        }
        // Stopped in reverse: clients first, probes last.
        let probeServices = launch.probeListeners.isEmpty ? [] : [probes]
        var configuration = ServiceGroupConfiguration(
            services: probeServices.map { .init(service: $0) } + [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = drainLimit
        configuration.maximumCancellationDuration = .seconds(2)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            assembly.generations.cancelAll()
            try await client.shutdown()
            throw error
        }
        assembly.generations.cancelAll()
        try await client.shutdown()
    }

    /// What went wrong before serving, for people.
    public static func report(_ error: ProxyError) {
        let hint = error.hint.map { "\n  hint: \($0)" } ?? ""
        fputs("anyclaude-proxy: \(error.message)\(hint)\n", stderr)
    }
}
