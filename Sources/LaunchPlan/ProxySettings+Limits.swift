/// What bounds requests, and what becomes of those that a backend fails.
extension ProxySettings {
    public struct Limits: Codable, Sendable, Equatable {
        public var maxBodyBytes: Int
        /// Requests in flight; more are answered 529 with `retry-after`.
        public var maxConcurrent: Int
        /// Upstream may take this long to its first byte (prefill included).
        public var firstByteTimeoutMs: Int
        /// And be silent this long between two bytes.
        public var idleTimeoutMs: Int
        public var pingMs: Int
        /// Requests that wait for a place at one backend; more are answered 529. Nil in plans of before 1.1: 64.
        public var maxQueue: Int?
        /// How long a request waits for a place, or for a service that starts, before it is answered 529. Nil in plans of before 1.1: ten minutes.
        public var holdTimeoutMs: Int?
        /// Of one session, or of one client where it names none; more are answered 429. Nil: any number.
        public var requestsPerMinute: Int?
        /// The same for the tokens that its answers cost, prompts without what came from a cache.
        public var tokensPerMinute: Int?

        public init(
            maxBodyBytes: Int = 32 << 20, maxConcurrent: Int = 256, firstByteTimeoutMs: Int = 600_000, idleTimeoutMs: Int = 300_000,
            pingMs: Int = 10_000, maxQueue: Int? = nil, holdTimeoutMs: Int? = nil, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil
        ) {
            self.maxBodyBytes = maxBodyBytes
            self.maxConcurrent = maxConcurrent
            self.firstByteTimeoutMs = firstByteTimeoutMs
            self.idleTimeoutMs = idleTimeoutMs
            self.pingMs = pingMs
            self.maxQueue = maxQueue
            self.holdTimeoutMs = holdTimeoutMs
            self.requestsPerMinute = requestsPerMinute
            self.tokensPerMinute = tokensPerMinute
        }

        /// `holdTimeoutMs` of any plan.
        public var holdMs: Int { holdTimeoutMs ?? 600_000 }

        enum CodingKeys: String, CodingKey {
            case maxBodyBytes = "max_body_bytes"
            case maxConcurrent = "max_concurrent"
            case firstByteTimeoutMs = "first_byte_timeout_ms"
            case idleTimeoutMs = "idle_timeout_ms"
            case pingMs = "ping_ms"
            case maxQueue = "max_queue"
            case holdTimeoutMs = "hold_timeout_ms"
            case requestsPerMinute = "requests_per_minute"
            case tokensPerMinute = "tokens_per_minute"
        }
    }

    /// A request that a backend did not begin to answer is sent to it again.
    public struct Retry: Codable, Sendable, Equatable {
        /// How often one backend is asked in all; 1 asks once.
        public var attempts: Int
        /// The first wait; each one may be twice the one before.
        public var initialMs: Int
        /// The longest wait, by itself or because the backend says so (`retry-after`).
        public var maxMs: Int

        public init(attempts: Int = 3, initialMs: Int = 500, maxMs: Int = 8000) {
            self.attempts = attempts
            self.initialMs = initialMs
            self.maxMs = maxMs
        }

        enum CodingKeys: String, CodingKey {
            case attempts
            case initialMs = "initial_ms"
            case maxMs = "max_ms"
        }
    }

    /// A backend that fails again and again is not asked for a while; then one request tries it.
    public struct Breaker: Codable, Sendable, Equatable {
        public var enabled: Bool
        /// Failures in a row that open it.
        public var failures: Int
        /// How long it is open first; after each failed trial twice as long.
        public var openMs: Int
        public var maxOpenMs: Int

        public init(enabled: Bool = true, failures: Int = 5, openMs: Int = 10_000, maxOpenMs: Int = 300_000) {
            self.enabled = enabled
            self.failures = failures
            self.openMs = openMs
            self.maxOpenMs = maxOpenMs
        }

        enum CodingKeys: String, CodingKey {
            case enabled, failures
            case openMs = "open_ms"
            case maxOpenMs = "max_open_ms"
        }
    }
}
