import Glibc
import Locking
import Logging

/// What a service tells its supervisor. One that cannot be told is no reason to stop, nor to wait: a supervisor that was away asks its
/// services when it is back. What was not told is in the log, once for as long as the reason stays.
public final class SupervisorReports: Sendable {
    /// READY=1 is sent again so often, five minutes long, to a supervisor that lives and does not read, as one that is stopped by a debugger.
    private static let attempts = 1500
    private static func pause(before attempt: Int) -> Duration { .milliseconds(attempt < 8 ? 1 << attempt : 200) }

    /// Nil: nobody asked.
    private let socket: String?
    private let logger: Logger
    private let failure = Mutex<ServingError?>(nil)

    /// To the supervisor of this process, if it has one that asked.
    public convenience init(logger: Logger) { self.init(to: SupervisorNotification.socket, logger: logger) }

    init(to socket: String?, logger: Logger) {
        self.socket = socket
        self.logger = logger
    }

    /// One line for people about what the service does now. Left out where the supervisor's queue is full: a later one says more.
    ///
    /// - Returns: whether it was told.
    @discardableResult public func status(_ text: String) -> Bool { tell(["STATUS=\(text)"], notes: { $0 != EAGAIN }) == nil }

    /// The service drains and will end.
    public func stopping() { _ = tell(["STOPPING=1"]) }

    /// The service can take requests. No later word makes good for this one: where the supervisor's queue is full, it is sent again,
    /// behind the caller's back.
    public func ready(status: String) {
        let word = ["READY=1", "STATUS=\(status)"]
        guard tell(word) == EAGAIN else { return }
        Task {
            for attempt in 0..<Self.attempts {
                do { try await Task.sleep(for: Self.pause(before: attempt)) } catch { return }
                if tell(word) != EAGAIN { return }
            }
        }
    }

    /// - Parameter notes: whether a failure with that errno is worth a line of the log.
    /// - Returns: the errno of what was not told, 0 where there is none; nil where it was told, or nobody asked.
    private func tell(_ assignments: [String], notes: (CInt) -> Bool = { _ in true }) -> CInt? {
        guard let socket else { return nil }
        do throws(ServingError) {
            try SupervisorNotification.send(assignments, to: socket)
            failure.withLock { $0 = nil }
            return nil
        } catch {
            let code = error.code ?? 0
            guard notes(code) else { return code }
            let isNew = failure.withLock { last in
                defer { last = error }
                return last != error
            }
            if isNew { logger.warning("\(error)", metadata: error.hint.map { ["note": "\($0)"] }) }
            return code
        }
    }
}
