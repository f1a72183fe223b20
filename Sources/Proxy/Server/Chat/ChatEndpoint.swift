import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import Serving

/// `POST /v1/chat/completions`, for clients of that API, by the same routes and to the same backends.
///
/// A backend that speaks it gets the client's own request with the model's id and limits put right, and its answer passes as it is;
/// where calls or thinking have to be read out of the answer's text, and where the backend speaks the Messages API, it is told anew.
/// A stream that says nothing is kept alive by comments, which clients of the API pass over.
struct ChatEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        let json = try request.json(of: body, assembly.upstreams.prompts).json
        let chat = try OpenAI.ChatRequest(json)
        let caller = Caller(request)
        let call = ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes)
        RequestTrace.current?.note(call, streams: chat.stream)
        let targets = try assembly.backends.targets(for: call, affinity: caller.conversation)
        _ = try assembly.rates.admit(caller.account)
        let relay = ChatRelay(
            assembly: assembly, targets: targets, chat: chat, request: request, caller: caller, permit: permit, requestID: requestID)
        do {
            return chat.stream ? try await stream(relay) : try await whole(relay)
        } catch let error as OpenAI.Failure {
            return Answers.failure(error, requestID: requestID)
        }
    }

    // MARK: a stream

    /// The status is decided by the answer's head, or by the first comment: an error before it is an HTTP error.
    private func stream(_ relay: ChatRelay) async throws -> Response {
        let reader = ChatFeed.Reader { await relay.stream(into: $0) }
        let period = Duration.milliseconds(max(1, assembly.settings.limits.pingMs))
        var first = try await reader.next(within: min(.seconds(1), period))
        if case .silence = first, let next = reader.nextInstead() { first = next }
        var fields = HTTPFields()
        fields.set("x-request-id", relay.requestID)
        fields = ServerSentEvents.fields(fields)
        switch first {
        case .silence: break
        case .item(.head(let head)): fields = head
        case .item(.failure(let failure)): throw failure
        case .item(.cut(let error)): throw error
        case .item(.bytes), .end: throw AnthropicError(.api, "the model's server ended without an answer")
        }
        let isSilent = if case .silence = first { true } else { false }
        let isEvents = fields[.contentType]?.lowercased().hasPrefix("text/event-stream") == true
        return Response(
            status: .ok, headers: fields,
            body: ResponseBody { writer in
                if isSilent { try await writer.write(Self.comment) }
                while true {
                    switch try await reader.next(within: period) {
                    case .silence: if isEvents { try await writer.write(Self.comment) }
                    case .item(.head): break
                    case .item(.bytes(let bytes)): try await writer.write(bytes)
                    case .item(.failure(let failure)):
                        try await writer.write(ByteBuffer(bytes: ChatChunkStream.Output.failure(failure).bytes))
                    case .item(.cut(let error)): throw error
                    case .end:
                        withExtendedLifetime(relay) {}
                        return try await writer.finish(nil)
                    }
                }
            })
    }

    private static let comment = ByteBuffer(bytes: ChatChunkStream.Output.keepAlive.bytes)

    // MARK: whole

    private func whole(_ relay: ChatRelay) async throws -> Response {
        let exchange = try await relay.open()
        guard exchange.isTold else {
            var headers = PassThrough.fields(exchange.response.headers)
            headers.set("x-request-id", relay.requestID)
            assembly.metrics.countRequest(backend: exchange.backend.name, status: 200)
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    try await exchange.telling { try await exchange.passWhole(relay.meter) { try await writer.write($0) } }
                    relay.settle(exchange.backend)
                    try await writer.finish(nil)
                })
        }
        var assembled = ChatAssembly()
        do {
            try await exchange.telling {
                try await exchange.tell(relay.chunks(exchange.backend), relay.meter) { outputs in for output in outputs { assembled.add(output) } }
            }
        } catch let error as CancellationError {
            assembly.metrics.countRequest(backend: exchange.backend.name, status: ProxyMetrics.clientLeft)
            throw error
        }
        relay.settle(exchange.backend)
        if let failure = assembled.failure { throw relay.counted(failure, exchange.backend) }
        assembly.metrics.countRequest(backend: exchange.backend.name, status: 200)
        var response = Answers.json(assembled.response.json)
        response.headers.set("x-request-id", relay.requestID)
        return response
    }
}
