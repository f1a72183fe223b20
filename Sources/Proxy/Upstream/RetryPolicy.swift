import LaunchPlan

/// When a request that a backend has not begun to answer is sent to it again. What may have been begun is never sent twice by this.
struct RetryPolicy: Sendable {
    enum Failure: Sendable, Equatable {
        /// There was no connection.
        case refused
        /// The backend said that it takes nothing now.
        ///
        /// - retryAfter: seconds, where it said when.
        case busy(status: Int, retryAfter: Int?)
    }
    /// Where another backend can be asked, nobody waits longer for this one.
    static let patienceWithOthers = Duration.seconds(1)
    let settings: ProxySettings.Retry

    /// The statuses with which a server takes nothing, so that the request may be sent again.
    static func isBusy(_ status: Int) -> Bool { [429, 502, 503, 529].contains(status) }

    /// - Parameters:
    ///   - attempt: how often the backend was asked, from 1 on.
    ///   - remaining: how long the request may wait in all.
    ///   - chance: from 0 to 1, so that those who failed together do not come back together.
    /// - Returns: nil where it is not asked again.
    func pause(after attempt: Int, _ failure: Failure, remaining: Duration, hasOthers: Bool, chance: Double) -> Duration? {
        guard attempt < settings.attempts else { return nil }
        let backoff = Double(min(settings.initialMs << min(attempt - 1, 20), settings.maxMs))
        let most = min(remaining, hasOthers ? Self.patienceWithOthers : .milliseconds(settings.maxMs))
        switch failure {
        case .busy(status: 429, retryAfter: nil): return nil
        case .busy(_, let seconds?):
            // No sooner than it was asked for.
            return .seconds(seconds) <= most ? .seconds(seconds) + .microseconds(Int(chance * backoff * 500)) : nil
        case .refused, .busy:
            let pause = Duration.microseconds(Int((0.5 + chance / 2) * backoff * 1000))
            return pause <= most ? pause : nil
        }
    }
}
