import Glibc
import LaunchPlan
import Messages

/// What one request costs in this process before its server is asked: from the bytes of the client's body to those of the server's.
public struct TranslationBenchmark: Sendable {
    /// Microseconds of this thread's CPU for one body, in the middle of all rounds.
    public struct Result: Sendable {
        /// Nothing of its tools and system was seen before.
        public var cold: Double
        /// A body of the same session was.
        public var warm: Double
        /// Of the body that is sent.
        public var sentBytes: Int
    }
    private let body: [UInt8]
    private let rounds: Int
    private let backend: ResolvedBackend

    /// - Parameters:
    ///   - body: of `POST /v1/messages`.
    ///   - dialect: the server's, by its name in the settings.
    public init(body: [UInt8], dialect: String, rounds: Int) throws(ProxyError) {
        guard let dialect = BackendDialect(named: dialect) else { throw ProxyError("there is no dialect `\(dialect)`") }
        self.body = body
        self.rounds = max(1, rounds)
        backend = ResolvedBackend(
            settings: .init(name: "measured", api: .openai, dialect: dialect.name, target: .url(base: "http://127.0.0.1:1/v1")), dialect: dialect,
            key: nil)
    }

    public func run() throws -> Result {
        let metrics = ProxyMetrics()
        let kept = PromptCache(.init(), metrics: metrics)
        let sent = try translate(with: kept)
        // By turns, so that both meet the same machine.
        var times: (cold: [Double], warm: [Double]) = ([], [])
        for _ in 0..<rounds {
            let fresh = PromptCache(.init(), metrics: metrics)
            times.cold.append(try time { _ = try translate(with: fresh) })
            times.warm.append(try time { _ = try translate(with: kept) })
        }
        return Result(cold: Self.middle(times.cold), warm: Self.middle(times.warm), sentBytes: sent.count)
    }

    private func translate(with prompts: PromptCache) throws -> [UInt8] {
        let (json, parts) = try body.withUnsafeBufferPointer { try prompts.read($0) }
        var request = try MessagesRequest(json)
        request.parts = parts
        let key = RequestKey(request, backend: backend, asker: .init(credential: ""))
        let entry = try prompts.entry(for: request, backend: backend)
        let options = RequestTranslation.Options(dialect: backend.dialect, keepsInlineSystem: true)
        let turns = try RequestTranslation.turns(of: request, prefix: entry.prefix, options: options)
        let outline = PromptOutline(model: request.model, head: entry.rendered.head, messages: turns, parameters: nil)
        let body = try RequestTranslation.body(of: request, prefix: entry.prefix, turns: turns, options: options)
        // Both are part of what is measured, and must not be thought away.
        guard !key.digest.isEmpty, outline.bytes > 0 else { throw ProxyError("the request has no prompt") }
        return entry.rendered.text(of: body)
    }

    private func time(_ work: () throws -> Void) rethrows -> Double {
        let begin = Self.cpu
        try work()
        return Self.cpu - begin
    }

    private static var cpu: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    private static func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
