import HTTPTypes
import Hummingbird
import LaunchPlan
import Locking
import Messages
import NIOCore
import Serving

/// What becomes known of one request on its way through the proxy, for its line in the request log.
///
/// It follows the request's task, so that whoever learns something notes it without having been handed anything; it is written once, when
/// the last byte is sent or the client has left.
final class RequestTrace: Sendable {
    @TaskLocal static var current: RequestTrace?

    /// Where the answer comes from, and with it what it cost.
    enum Source: Sendable {
        case generation(Generation)
        case kept(MessageUsage)
        case chat(ChatMeter)
    }

    struct Facts: Sendable {
        var requestID: String
        /// Milliseconds since 1970.
        var startedMs: Int
        var begin = ContinuousClock.now
        var method: String
        /// Without its query.
        var path: String
        var session: String?
        var agent: String?
        var kinds: Set<ProxySettings.CallKind> = []
        var model: String?
        var backend: String?
        var answeringModel: String?
        var streams: Bool?
        var status: Int?
        var error: AnthropicError.Kind?
        var source: Source?
        var passes = false
        var passed: PassedAnswer?
        /// What the source told, once all is over.
        var answer = AnswerFacts()
        var responseCache: String?
        var promptCache: String?
        /// Questions to models' servers beyond the first.
        var retries = 0
        var bytesIn = 0
        var bytesOut = 0
        var firstByte: ContinuousClock.Instant?
        var end: ContinuousClock.Instant?
        /// The client had left before it had all.
        var wasLeft = false
    }
    private let facts: Mutex<Facts>
    private let records: Records
    let exchange: CapturedExchange?

    init(_ request: Request, _ requestID: String, records: Records) {
        self.records = records
        func identifier(_ name: String) -> String? { request.headers.value(name).flatMap(Self.identifier) }
        let path = request.uri.path
        facts = Mutex(
            Facts(
                requestID: requestID, startedMs: WallClock.nowMs, method: request.method.rawValue, path: String(path.prefix(Self.longestName)),
                session: identifier("x-claude-code-session-id"), agent: identifier("x-claude-code-agent-id")))
        // A capture that is replayed must not grow by it.
        let isReplay = request.headers.value(Self.replayHeader) != nil
        exchange = isReplay ? nil : records.capture.map { CapturedExchange(request, requestID, capture: $0) }
    }

    /// The response was never sent: its client had gone before its head.
    deinit { end(wasLeft: true) }

    private static let longestName = 128
    /// Said by `anyclaude replay`, with the id of the captured request.
    static let replayHeader = "x-anyclaude-replay"

    /// What a client calls itself, where it is an id and no text.
    private static func identifier(_ text: String) -> String? {
        let isOne = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x5F }
        return isOne && (1...64).contains(text.utf8.count) ? text : nil
    }

    // MARK: what is noted

    func note(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }

    func note(_ call: ProxySettings.Call, streams: Bool) {
        note {
            $0.streams = streams
            $0.kinds = call.kinds
            $0.model = String(call.model.prefix(Self.longestName))
        }
    }

    func note(backend: ResolvedBackend) {
        note {
            $0.backend = backend.name
            $0.passes = backend.settings.api == .anthropic
        }
        exchange?.note(backend: backend.settings)
    }

    func note(body: ByteBuffer) {
        note { $0.bytesIn = body.readableBytes }
        exchange?.note(body: body)
    }

    func note(_ error: AnthropicError) { note { $0.error = error.kind } }

    func note(_ source: Delivery.Source) {
        note {
            switch source {
            case .generation(let live, let word):
                $0.source = .generation(live.generation)
                $0.responseCache = word
            case .kept(let hit, _):
                $0.source = .kept(MessageUsage(hit.message["usage"]))
                $0.responseCache = "hit"
            }
        }
    }

    func sent(_ buffer: ByteBuffer) {
        note {
            $0.bytesOut += buffer.readableBytes
            $0.passed?.take(buffer)
            if $0.firstByte == nil { $0.firstByte = .now }
        }
        exchange?.sent(buffer)
    }

    /// Nothing more is sent. The first call counts.
    func end(wasLeft: Bool) {
        let ended = facts.withLock { facts -> Facts? in
            guard facts.end == nil else { return nil }
            facts.end = .now
            facts.wasLeft = wasLeft
            facts.passed?.finish()
            facts.answer = AnswerFacts(facts.source, facts.passed)
            facts.answeringModel = facts.passed?.model ?? facts.answeringModel
            facts.source = nil
            facts.passed = nil
            return facts
        }
        guard let ended else { return }
        records.log?.add(size: 1024) { RequestLine.json(ended).bytes }
        if let exchange { records.capture?.add(exchange, ended) }
    }
}

extension RequestTrace {
    /// The response, whose sending ends the trace.
    func following(_ response: Response, isHead: Bool) -> Response {
        note {
            $0.status = response.status.code
            if $0.passes { $0.passed = PassedAnswer(response) }
        }
        exchange?.note(response)
        guard !isHead else {
            end(wasLeft: false)
            return response
        }
        var response = response
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { [self] writer in
            do {
                let traced = TracedWriter(inner: writer, trace: self)
                // While it is sent, another backend may be asked.
                try await Self.$current.withValue(self) { try await body.write(traced) }
            } catch {
                end(wasLeft: true)
                throw error
            }
            end(wasLeft: false)
        }
        return response
    }
}

/// Tells the trace of what is sent.
private struct TracedWriter: ImmediateBodyWriter {
    var inner: any ResponseBodyWriter
    let trace: RequestTrace

    var immediate: ImmediateOutput? { (inner as? any ImmediateBodyWriter)?.immediate?.noting { [trace] in trace.sent($0) } }

    mutating func write(_ buffer: ByteBuffer) async throws {
        trace.sent(buffer)
        try await inner.write(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await inner.finish(trailingHeaders) }
}
