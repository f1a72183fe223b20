import FoundationEssentials
import HTTPTypes
import LaunchPlan
import Locking
import Messages

/// How much each session may ask for in a minute: requests, and tokens as its answers' servers counted them.
final class RateLimits: Sendable {
    private struct Buckets {
        var requests: TokenBucket?
        var tokens: TokenBucket?

        /// The share that is left of what is scarcest; 1 where nothing was used.
        func rest(at now: ContinuousClock.Instant) -> Double {
            [requests, tokens].compactMap { $0.map { $0.available(at: now) / Double($0.perMinute) } }.min() ?? 1
        }
    }
    private let limits: ProxySettings.Limits
    private let sessions = Mutex<[String: Buckets]>([:])
    /// Sessions that are remembered. Whoever used least is forgotten first, and has lost least by it.
    static let maximumSessions = 4096

    init(_ limits: ProxySettings.Limits) { self.limits = limits }

    private var isNeeded: Bool { limits.requestsPerMinute != nil || limits.tokensPerMinute != nil }

    /// Counts one request.
    ///
    /// - Returns: what its answer says of the limits; nothing where there are none.
    /// - Throws: 429 with `retry-after`.
    func admit(_ session: String, at now: ContinuousClock.Instant = .now) throws(AnthropicError) -> HTTPFields {
        guard isNeeded else { return [:] }
        let result = sessions.withLock { sessions -> (buckets: Buckets, pause: Duration, what: String) in
            var buckets = sessions[session] ?? fresh(at: now)
            let request = buckets.requests?.pause(for: 1, at: now) ?? .zero
            let tokens = buckets.tokens?.pause(for: 1, at: now) ?? .zero
            let pause = max(request, tokens)
            if pause == .zero { buckets.requests?.take(1, at: now) }
            sessions[session] = buckets
            if sessions.count > Self.maximumSessions { Self.forget(&sessions, besides: session, at: now) }
            return (buckets, pause, request >= tokens ? "requests" : "tokens")
        }
        guard result.pause == .zero else {
            let limit = (result.what == "requests" ? limits.requestsPerMinute : limits.tokensPerMinute) ?? 0
            throw AnthropicError(
                .rateLimit, "this session has used the \(limit) \(result.what) per minute that the proxy allows it (proxy.limits)",
                retryAfter: result.pause.retrySeconds)
        }
        return fields(result.buckets, at: now)
    }

    /// What an answer cost, when it is known.
    func charge(_ session: String, tokens: Int, at now: ContinuousClock.Instant = .now) {
        guard limits.tokensPerMinute != nil else { return }
        sessions.withLock { sessions in
            var buckets = sessions[session] ?? fresh(at: now)
            buckets.tokens?.take(Double(tokens), at: now)
            sessions[session] = buckets
        }
    }

    var remembered: Int { sessions.withLock { $0.count } }

    private func fresh(at now: ContinuousClock.Instant) -> Buckets {
        Buckets(
            requests: limits.requestsPerMinute.map { TokenBucket(perMinute: $0, at: now) },
            tokens: limits.tokensPerMinute.map { TokenBucket(perMinute: $0, at: now) })
    }

    /// The quarter that used least, so that this is not done for each newcomer.
    private static func forget(_ sessions: inout [String: Buckets], besides session: String, at now: ContinuousClock.Instant) {
        let others = sessions.filter { $0.key != session }.map { (key: $0.key, rest: $0.value.rest(at: now)) }
        for other in others.sorted(by: { $0.rest > $1.rest }).prefix(maximumSessions / 4) { sessions[other.key] = nil }
    }

    private func fields(_ buckets: Buckets, at now: ContinuousClock.Instant) -> HTTPFields {
        var fields = HTTPFields()
        for (name, bucket) in [("requests", buckets.requests), ("tokens", buckets.tokens)] {
            guard let bucket else { continue }
            let prefix = "anthropic-ratelimit-\(name)"
            fields.set("\(prefix)-limit", String(bucket.perMinute))
            fields.set("\(prefix)-remaining", String(max(0, Int(bucket.available(at: now)))))
            let reset = Date().addingTimeInterval(bucket.pause(for: Double(bucket.perMinute), at: now).inSeconds)
            fields.set("\(prefix)-reset", reset.formatted(.iso8601))
        }
        return fields
    }
}
