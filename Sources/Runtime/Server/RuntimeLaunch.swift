import JSON
import LaunchPlan
import Serving

/// All that a runtime is started with: by the supervisor through descriptors, or alone from options.
public struct RuntimeLaunch: Sendable {
    /// The checkpoint's directory.
    public var model: String
    public var name: String
    public var engine: EngineSettings
    public var threads: Int?
    /// Files of prompts that are computed and pinned when the server is ready.
    public var warm: [String]
    /// Listening sockets for clients and for probes; owned by the runtime.
    public var listeners: [CInt]

    public init(model: String, name: String? = nil, engine: EngineSettings, threads: Int? = nil, warm: [String] = [], listeners: [CInt]) {
        var path = model
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.model = path
        self.name = name ?? path.split(separator: "/").last.map(String.init) ?? path
        self.engine = engine
        self.threads = threads
        self.warm = warm
        self.listeners = listeners
    }

    /// What the supervisor passed to this process.
    public static func inherited() throws(RuntimeError) -> RuntimeLaunch {
        let descriptors = InheritedDescriptors.take()
        do {
            let passed = PassedDocuments(descriptors: descriptors)
            let document: ServiceSettings<WorkerSettings> = try JSON(parsing: try passed.settings(named: DescriptorName.settings)).decode()
            let settings = document.settings
            guard let http = descriptors[DescriptorName.http] else {
                throw RuntimeError("the descriptor `\(DescriptorName.http)` was not passed", hint: "the plan's worker needs a socket of that name")
            }
            let engine = EngineSettings(
                contextWindow: settings.contextWindow, maxQueue: settings.maxQueue, maxBatch: settings.maxBatch,
                memoryBytes: settings.memoryBytes,
                cache: CacheSettings(
                    enabled: settings.cache.enabled, slots: settings.cache.slots, minTokens: settings.cache.minTokens,
                    directory: try settings.cache.directory.resolved(document.roots), maxBytes: settings.cache.maxBytes))
            return RuntimeLaunch(
                model: try settings.model.resolved(document.roots), name: settings.modelName, engine: engine, threads: settings.threads,
                warm: try (settings.cache.warm ?? []).map { try $0.resolved(document.roots) },
                listeners: [http] + (descriptors[DescriptorName.probe].map { [$0] } ?? []))
        } catch let error as RuntimeError {
            throw error
        } catch let error as ServingError {
            throw RuntimeError(error.message, hint: error.hint)
        } catch {
            throw RuntimeError("the settings cannot be read: \(error)")
        }
    }

    /// A runtime without a supervisor, on a port of its own.
    public static func alone(
        model: String, name: String?, engine: EngineSettings, threads: Int?, warm: [String] = [], host: String, port: Int
    ) throws(RuntimeError) -> RuntimeLaunch {
        do {
            let socket = try ListeningSocket.bind(host: host, port: port)
            return RuntimeLaunch(model: model, name: name, engine: engine, threads: threads, warm: warm, listeners: [socket.descriptor])
        } catch {
            throw RuntimeError(error.message, hint: error.hint)
        }
    }
}
