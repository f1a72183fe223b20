import LaunchPlan
import Locking
import Logging
import NIOCore

/// What is written down of requests: a line of each, and whole exchanges.
struct Records: Sendable {
    let log: LineWriter?
    let capture: Capture?

    /// - Parameter secrets: what must never be written.
    init(_ settings: ProxySettings, roots: PlanPath.Bindings, secrets: [String], logger: Logger) throws(ProxyError) {
        do {
            if let log = settings.requestLog {
                let folder = try settings.directories.logs.resolved(roots)
                // A thousand lines: more do not come in the time between two writes.
                self.log = LineWriter(
                    "\(folder)/\(ProxySettings.RequestLog.fileName)", maximumBytes: log.maxBytes, oldFiles: log.maxFiles, limit: 4 << 20,
                    logger: logger)
            } else {
                log = nil
            }
            capture = try settings.capture.map { try Capture($0, roots: roots, secrets: secrets, logger: logger) }
        } catch let error as ProxyError {
            throw error
        } catch {
            throw ProxyError("the folder of the proxy's records is not known: \(error)")
        }
    }

    static let none = Records()
    private init() {
        log = nil
        capture = nil
    }

    var isEmpty: Bool { log == nil && capture == nil }

    /// Writes what waits; nothing may come after it.
    func finish() {
        log?.drain()
        capture?.lines.drain()
    }
}
