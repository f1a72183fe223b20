import JSON
import Locking

/// How far the server is: loading, ready with its model, or draining.
final class ServerState: Sendable {
    enum Phase: Sendable {
        /// With what is being done.
        case loading(String)
        case ready(ServedModel)
        case draining
    }
    private let phase = Mutex(Phase.loading("starting"))

    var current: Phase { phase.withLock { $0 } }
    func set(_ next: Phase) { phase.withLock { $0 = next } }

    var model: ServedModel? { if case .ready(let model) = current { model } else { nil } }

    /// The body of `/health`.
    var json: JSON {
        switch current {
        case .loading(let text): return ["status": "loading", "detail": .string(text)]
        case .draining: return ["status": "draining"]
        case .ready(let model):
            let statistics = model.engine.statistics
            return [
                "status": "ok", "model": .string(model.name), "queued": .integer(statistics.queued), "active": .integer(statistics.active),
            ]
        }
    }
}
