import Locking
import Logging
import Messages

/// Tools that requests offered and that no backend but the API itself can run: counted each time, and said once to whoever reads the log, as
/// the model's answers do not say why it did not search.
final class LeftOutTools: Sendable {
    private let metrics: ProxyMetrics
    private let logger: Logger
    private let said = Mutex<Set<String>>([])

    init(metrics: ProxyMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// - Parameter types: as clients name them, such as `web_search_20250305`.
    func note(_ types: [String], backend: String) {
        for kind in Set(types.map(ServerTools.kind)) {
            metrics.countLeftOut(tool: kind, backend: backend)
            guard said.withLock({ $0.insert("\(backend) \(kind)").inserted }) else { continue }
            logger.notice(
                "a tool of the API is left out: only a `claude` backend can run it, and the model cannot call it here",
                metadata: ["tool": "\(kind)", "backend": "\(backend)"])
        }
    }
}
