import Glibc
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
        for (index, backend) in targets.enumerated() {
            RequestTrace.current?.note(backend: backend)
            let question = ChatExchange.Question(chat: chat, request: request, caller: caller, permit: permit, hasOthers: index < targets.count - 1)
            do {
                return try await answer(of: backend, question, requestID)
            } catch let error as AnthropicError where question.hasOthers && error.mayBeAskedElsewhere && !Task.isCancelled {
                assembly.metrics.countFallback(from: backend.name, to: targets[index + 1].name)
            } catch let error as AnthropicError {
                return failure(OpenAI.Failure(error), backend, requestID)
            } catch let error as OpenAI.Failure {
                return failure(error, backend, requestID)
            } catch let error as CancellationError {
                assembly.metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
                throw error
            }
        }
        throw AnthropicError(.notFound, "no backend is left to ask")
    }

    private func failure(_ error: OpenAI.Failure, _ backend: ResolvedBackend, _ requestID: String) -> Response {
        assembly.metrics.countRequest(backend: backend.name, status: error.status)
        return Answers.failure(error, requestID: requestID)
    }

    private func answer(of backend: ResolvedBackend, _ question: ChatExchange.Question, _ requestID: String) async throws -> Response {
        let exchange = try await ChatExchange(assembly: assembly, backend: backend, question)
        guard exchange.response.status.code == 200 else { throw try await exchange.failure() }
        let response = exchange.isTold ? try await told(exchange, requestID) : passed(exchange, requestID)
        assembly.metrics.countRequest(backend: backend.name, status: response.status.code)
        return response
    }

    private func passed(_ exchange: ChatExchange, _ requestID: String) -> Response {
        var headers = PassThrough.fields(exchange.response.headers)
        headers.set("x-request-id", requestID)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                for try await buffer in exchange.response.body { try await writer.write(buffer) }
                exchange.lease?.note(.answered)
                try await writer.finish(nil)
                withExtendedLifetime(exchange) {}
            })
    }

    private func told(_ exchange: ChatExchange, _ requestID: String) async throws -> Response {
        let chat = exchange.question.chat
        let chunks = ChatChunkStream(
            id: Identifiers.chat(), model: chat.model ?? exchange.backend.name, created: Glibc.time(nil),
            includesUsage: chat.includeUsage || !chat.stream)
        var headers = HTTPFields()
        headers.set("x-request-id", requestID)
        guard chat.stream else {
            var assembled = ChatAssembly()
            try await exchange.tell(chunks) { outputs in for output in outputs { assembled.add(output) } }
            if let failure = assembled.failure { throw failure }
            var response = Answers.json(assembled.response.json)
            response.headers.append(contentsOf: headers)
            return response
        }
        return ServerSentEvents.response(headers: headers) { writer in
            try await exchange.tell(chunks) { outputs in
                var buffer = ByteBuffer()
                for output in outputs { buffer.writeBytes(output.bytes) }
                if buffer.readableBytes > 0 { try await writer.raw(buffer) }
            }
            withExtendedLifetime(exchange) {}
        }
    }
}
