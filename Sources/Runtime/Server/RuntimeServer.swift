import Checkpoint
@preconcurrency import Glibc
import Hummingbird
import Logging
import ServiceLifecycle
import Serving

/// The inference server, wired and run.
public enum RuntimeServer {
    /// Loads the model and serves it until SIGTERM or SIGINT; requests in flight then finish, within `drainLimit`. While the model
    /// loads, `/health` says so with status 503. Its log goes to standard error.
    public static func run(_ launch: RuntimeLaunch, drainLimit: Duration = .seconds(25)) async throws {
        let logger = Logger(label: "anyclaude-runtime") { StreamLogHandler.standardError(label: $0) }
        // Milliseconds, and most mistakes show here: before anything listens.
        try Checkpoint.read(launch.model)
        let state = ServerState()
        let responder = RuntimeResponder(state: state, metrics: RuntimeMetrics(state), prefixes: PrefixStore(), logger: logger)
        let server = HTTPService(
            listeners: launch.listeners, responder: responder, logger: logger,
            onRunning: {
                let ports = launch.listeners.compactMap(ListeningSocket.boundPort).map(String.init).joined(separator: ", ")
                logger.info("listening", metadata: ["port": "\(ports)"])
            })
        let host = ModelHost(launch: launch, state: state, logger: logger)
        // Stopped in reverse: the server drains while the engine still computes.
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: host), .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = drainLimit
        configuration.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The exit code of sysexits(3) for an error at start: 78 (configuration) under a supervisor, which must not try again; alone, 66
    /// (no input) where there is no such directory, else 65 (data).
    public static func exitCode(model: String?) -> Int32 {
        guard let model else { return 78 }
        var status = stat()
        return stat(model, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? 65 : 66
    }

    /// What went wrong, for people.
    public static func report(_ error: RuntimeError) {
        let file = error.file.map { "\($0): " } ?? ""
        let hint = error.hint.map { "\n  hint: \($0)" } ?? ""
        fputs("anyclaude-runtime: \(file)\(error.message)\(hint)\n", stderr)
    }
}

/// Loads the model, keeps the engine while the group runs, and shuts it down when the server has drained.
private struct ModelHost: Service {
    let launch: RuntimeLaunch
    let state: ServerState
    let logger: Logger

    func run() async throws {
        let supervisor = SupervisorReports(logger: logger)
        let model = try await ModelLoading.load(launch, logger: logger) { [state] text in
            state.set(.loading(text))
            supervisor.status(text)
        }
        state.set(.ready(model))
        logger.info(
            "serving",
            metadata: ["model": "\(model.name)", "context": "\(model.engine.contextWindow)", "dialect": "\(model.dialect?.name ?? "none")"])
        supervisor.ready(status: "serving \(model.name)")
        let warming = Task { await WarmUp(model: model, logger: logger).run(launch.warm) }
        // Cancelled or asked to stop: the engine is shut down all the same.
        try? await gracefulShutdown()
        warming.cancel()
        state.set(.draining)
        supervisor.stopping()
        await model.engine.shutdown()
    }
}
