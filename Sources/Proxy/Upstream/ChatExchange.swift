import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import NIOHTTP1

/// A chat completion asked of a backend, up to the head of its answer.
struct ChatExchange: Sendable {
    /// What a client asks, whoever answers.
    struct Question: Sendable {
        let chat: OpenAI.ChatRequest
        let request: Request
        let caller: Caller
        /// Given back when the answer is over.
        let permit: Gate.Permit
        /// Another backend can be asked where this one takes nothing.
        let hasOthers: Bool
    }
    let backend: ResolvedBackend
    let question: Question
    let response: UpstreamResponse
    let lease: Lease?
    private let place: Turnstile.Place?

    /// The answer is no stream of chat chunks as the client is to get it.
    var isTold: Bool { backend.settings.api == .anthropic || backend.readsText }

    /// Whole events can be told apart in it.
    var isEventStream: Bool {
        response.headers.first(name: "content-type")?.lowercased().hasPrefix("text/event-stream") == true
            && (response.headers.first(name: "content-encoding") ?? "identity").lowercased() == "identity"
    }

    /// - Throws: `AnthropicError` where no head came, or one by which another backend is asked.
    init(assembly: ProxyAssembly, backend: ResolvedBackend, _ question: Question) async throws {
        self.backend = backend
        self.question = question
        let upstreams = assembly.upstreams
        place = try await upstreams.turnstiles.turnstile(of: backend)?.enter(flow: question.caller.account)
        let headers =
            backend.settings.api == .anthropic
            ? try PassThrough(assembly: assembly, backend: backend, hasOthers: question.hasOthers).chatHeaders(of: question.request) : nil
        (response, lease) = try await upstreams.perform(backend, hasOthers: question.hasOthers) { location, lease in
            let response =
                if let headers {
                    try await Self.message(question.chat, upstreams, backend, location, headers)
                } else {
                    try await Self.completion(question, upstreams, backend, location)
                }
            let status = Int(response.status.code)
            // It loads or drains, and took nothing.
            if status == 503, lease != nil { throw UpstreamUnreachable(url: location.base, reason: "not ready (503)", wasSent: false) }
            lease?.note(status >= 500 || status == 200 ? .failed : .answered)
            if question.hasOthers, RetryPolicy.isBusy(status) {
                throw UpstreamClient.failure(response, try await UpstreamClient.bytes(of: response), backend.dialect)
            }
            return (response, lease)
        }
    }

    private static func message(
        _ chat: OpenAI.ChatRequest, _ upstreams: Upstreams, _ backend: ResolvedBackend, _ location: UpstreamLocation, _ headers: HTTPHeaders
    ) async throws -> UpstreamResponse {
        let version = APIVersion(header: headers.first(name: "anthropic-version"))
        let options = ChatToMessages.Options(
            model: backend.settings.model, maxTokens: backend.settings.maxOutputTokens ?? usualLimit, allowsSampling: version == .of2023)
        let body = JSON.object(try ChatToMessages.body(of: chat, options))
        return try await upstreams.client.send(.POST, location.root("/v1/messages"), headers: headers, body: ByteBuffer(bytes: body.bytes))
    }

    private static func completion(
        _ question: Question, _ upstreams: Upstreams, _ backend: ResolvedBackend, _ location: UpstreamLocation
    ) async throws -> UpstreamResponse {
        let body = JSON.object(try await body(of: question, upstreams, backend, location))
        return try await upstreams.client.send(
            .POST, location.api("/chat/completions"), key: backend.key, text: body.bytes, headers: backend.extraHeaders)
    }

    /// Tokens of an answer whose request has no limit, where the API demands one and the settings say none: every model of the API that
    /// is served today allows as many.
    private static let usualLimit = 8192

    /// The client's request with the model that the backend is asked for, within what one answer may have, and with what the settings say
    /// of each request to the backend.
    private static func body(
        of question: Question, _ upstreams: Upstreams, _ backend: ResolvedBackend, _ location: UpstreamLocation
    ) async throws -> JSONObject {
        var chat = question.chat
        chat.model = backend.settings.model ?? chat.model
        if backend.discoversModel { chat.model = try await upstreams.workers.loadedModel(at: location, backend: backend) }
        if let most = [backend.settings.maxOutputTokens, backend.settings.contextWindow].compactMap({ $0 }).min() {
            let keys = ["max_completion_tokens", "max_tokens"].filter { chat[$0]?.intValue != nil }
            for key in keys { chat[key] = .integer(min(most, chat[key]?.intValue ?? most)) }
            if keys.isEmpty, let longest = backend.settings.maxOutputTokens { chat.maxTokens = longest }
        }
        if backend.readsText { chat.stream = true }
        // What it counts is wanted here, whether or not the client wants it.
        if chat.stream { chat.includeUsage = true }
        backend.sampling.complete(&chat.members, for: backend.dialect)
        RequestExtras(body: backend.extraBody, session: question.caller.opaqueConversation).complete(&chat.members, for: backend.dialect)
        for member in backend.dialect.extra.members where chat.members[member.key] == nil { chat.members[member.key] = member.value }
        return chat.members
    }

    /// What the server said in the place of an answer, in this API's shape.
    func failure() async throws -> OpenAI.Failure {
        let body = try await UpstreamClient.bytes(of: response)
        let status = Int(response.status.code)
        let retryAfter = UpstreamClient.retryAfter(of: response)
        if backend.settings.api == .anthropic {
            var error = AnthropicError((try? JSON(parsing: body))?["error"], status: status)
            error.retryAfter = retryAfter
            return OpenAI.Failure(error)
        }
        if var failure = (try? JSON(parsing: body)).flatMap({ OpenAI.Failure($0, status: status) }) {
            failure.retryAfter = retryAfter
            return failure
        }
        return OpenAI.Failure(UpstreamFailure.error(status: status, body: body, retryAfter: retryAfter, dialect: backend.dialect))
    }

    /// Tells a client the answer; that the client goes meanwhile says nothing of the service.
    func telling(_ tell: () async throws -> Void) async throws {
        do {
            try await tell()
        } catch {
            if error is CancellationError || Task.isCancelled { lease?.note(nil) }
            throw error
        }
    }

    // MARK: the answer, told anew

    /// Tells it as it comes, to the end of the body, so that the connection can serve again; but an answer that is whole before is left.
    func tell(_ chunks: ChatChunkStream, _ meter: ChatMeter, _ each: (_ outputs: [ChatChunkStream.Output]) async throws -> Void) async throws {
        var answer = ChatAnswer(chunks, chat: backend.settings.api == .anthropic ? nil : streamOptions)
        var facts = ChatFacts()
        func tell(_ outputs: [ChatChunkStream.Output]) async throws {
            guard !outputs.isEmpty else { return }
            for output in outputs { facts.take(output) }
            facts.count(answer.usage)
            meter.note(facts)
            try await each(outputs)
        }
        do {
            for try await buffer in response.body {
                try await tell(buffer.withUnsafeReadableBytes { answer.feed($0) })
                if answer.isCutShort { break }
            }
        } catch  where !(error is CancellationError) {
            try Task.checkCancellation()
            return try await tell([.failure(OpenAI.Failure(AnthropicError(.api, "the model's server broke off its answer: \(error)")))])
        }
        lease?.note(.answered)
        try await tell(answer.finish())
    }

    // MARK: the answer as it is

    /// A whole answer that is longer is not read beside its bytes.
    private static let longestAnswer = 4 << 20

    func passWhole(_ meter: ChatMeter, _ write: (ByteBuffer) async throws -> Void) async throws {
        var body: [UInt8]? = []
        for try await buffer in response.body {
            body?.append(contentsOf: buffer.readableBytesView)
            if body?.count ?? 0 > Self.longestAnswer { body = nil }
            try await write(buffer)
        }
        lease?.note(.answered)
        guard let body, let json = try? JSON(parsing: body) else { return }
        var facts = ChatFacts()
        facts.take(json)
        meter.note(facts)
    }

    private var streamOptions: MessageStream.Options {
        let chat = question.chat
        let allowsCalls = (try? chat.toolChoice) != OpenAI.ToolChoice.none
        let stops = chat["stop"]?.stringValue.map { [$0] } ?? chat["stop"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return MessageStream.Options(
            id: Identifiers.message(), model: chat.model ?? backend.name, allowsCalls: allowsCalls,
            allowsParallelCalls: chat["parallel_tool_calls"]?.boolValue ?? true, contextWindow: backend.settings.contextWindow,
            textFormat: backend.textFormat(tools: chat.tools.map(\.json), allowsCalls: allowsCalls, thinks: true), stopSequences: stops
        ) { UsageEstimate.tokens(of: chat.messages.map(\.json) + chat.tools.map(\.json)) }
    }
}
