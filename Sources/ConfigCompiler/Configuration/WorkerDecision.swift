/// Whether a backend is a worker of this machine.
public struct WorkerDecision: Sendable, Equatable {
    public var backend: String
    /// The engine that is started; nil where none is.
    public var engine: String?
    /// In words, as `model is a path` or `its baseUrl is on another machine`.
    public var reason: String

    public init(backend: String, engine: String?, reason: String) {
        self.backend = backend
        self.engine = engine
        self.reason = reason
    }
}
