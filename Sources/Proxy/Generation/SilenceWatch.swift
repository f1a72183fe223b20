import LaunchPlan
import Messages

/// What time says of an answer: pings while nothing else is said, and an end to silence.
struct SilenceWatch: Sendable {
    /// How far the answer is.
    struct Progress {
        var lastByte: ContinuousClock.Instant?
        var lastEvent: ContinuousClock.Instant
        /// Something was said, be it an error.
        var hasWords: Bool
        /// The model has begun to speak.
        var hasContent: Bool
        /// Since when it waits before it is sent; nil where it is sent.
        var waitingSince: ContinuousClock.Instant?
        /// When it was sent last; nil where that was at the beginning.
        var asked: ContinuousClock.Instant?
        /// When the answer was over.
        var end: ContinuousClock.Instant?
    }
    enum Action {
        case wait, ping
        case giveUp(AnthropicError)
        /// The answer is over, and its server had time to close the stream in peace, for the sake of the connection.
        case stop
    }
    private static let peace = Duration.seconds(5)
    /// Seconds; what was not ready in all that time will not be at once.
    private static let pauseAfterHold = 10
    private let limits: ProxySettings.Limits
    private let begin: ContinuousClock.Instant
    private var nextPing: ContinuousClock.Instant
    private var period: Duration { .milliseconds(max(1, limits.pingMs)) }

    init(_ limits: ProxySettings.Limits, begin: ContinuousClock.Instant) {
        self.limits = limits
        self.begin = begin
        nextPing = begin
        nextPing += min(.seconds(1), period)
    }

    /// - Returns: what is to be done now, and when to ask again.
    mutating func step(_ now: ContinuousClock.Instant, _ progress: Progress) -> (action: Action, next: ContinuousClock.Instant) {
        if let end = progress.end {
            let stop = end + Self.peace
            return (now >= stop ? .stop : .wait, stop)
        }
        let (deadline, error) = limit(progress)
        if now >= deadline { return (.giveUp(error), deadline) }
        if progress.hasWords { nextPing = max(nextPing, progress.lastEvent + period) }
        let isDue = now >= nextPing
        if isDue { nextPing = now + period }
        return (isDue ? .ping : .wait, min(deadline, nextPing))
    }

    /// How long it may go on like this, and what is said then.
    private func limit(_ progress: Progress) -> (deadline: ContinuousClock.Instant, error: AnthropicError) {
        if let since = progress.waitingSince, !progress.hasContent {
            return (
                since + .milliseconds(limits.holdMs),
                AnthropicError(.overloaded, "the request has waited \(limits.holdMs) ms for", retryAfter: Self.pauseAfterHold)
            )
        }
        let first = (progress.asked ?? begin) + .milliseconds(limits.firstByteTimeoutMs)
        let silence = progress.lastByte.map { $0 + .milliseconds(limits.idleTimeoutMs) } ?? first
        if progress.hasContent {
            return (silence, AnthropicError(.timeout, "the model's server took longer than \(limits.idleTimeoutMs) ms of silence"))
        }
        // A server may say that it has begun before it reads the prompt: up to the first word the prefill may take its time.
        return (
            max(first, silence), AnthropicError(.timeout, "the model's server took longer than \(limits.firstByteTimeoutMs) ms to its first word")
        )
    }
}
