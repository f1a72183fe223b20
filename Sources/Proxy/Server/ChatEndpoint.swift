import AsyncHTTPClient
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
        let json = try request.json(of: body)
        let chat = try OpenAI.ChatRequest(json)
        let backend = try assembly.backends.backend(for: ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes))
        do {
            let place = try await assembly.upstreams.turnstiles.enter(backend)
            let exchange = try await ChatExchange(assembly: assembly, backend: backend, chat: chat, request: request, place: (permit, place))
            let response = exchange.isTold ? try await told(exchange, requestID) : try await passed(exchange, requestID)
            assembly.metrics.countRequest(backend: backend.name, status: response.status.code)
            return response
        } catch let error as AnthropicError {
            return failure(OpenAI.Failure(error), backend, requestID)
        } catch let error as OpenAI.Failure {
            return failure(error, backend, requestID)
        } catch let error as CancellationError {
            assembly.metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
            throw error
        }
    }

    private func failure(_ error: OpenAI.Failure, _ backend: ResolvedBackend, _ requestID: String) -> Response {
        assembly.metrics.countRequest(backend: backend.name, status: error.status)
        return Answers.failure(error, requestID: requestID)
    }

    // MARK: as it is

    private func passed(_ exchange: ChatExchange, _ requestID: String) async throws -> Response {
        let response = exchange.response
        guard response.status.code == 200 else { throw try await exchange.failure() }
        var headers = PassThrough.fields(response.headers)
        headers.set("x-request-id", requestID)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                for try await buffer in response.body { try await writer.write(buffer) }
                exchange.lease?.note(.answered)
                try await writer.finish(nil)
                withExtendedLifetime(exchange) {}
            })
    }

    // MARK: told anew

    private func told(_ exchange: ChatExchange, _ requestID: String) async throws -> Response {
        guard exchange.response.status.code == 200 else { throw try await exchange.failure() }
        let chunks = ChatChunkStream(
            id: Identifiers.chat(), model: exchange.chat.model ?? exchange.backend.name, created: Glibc.time(nil),
            includesUsage: exchange.chat.includeUsage || !exchange.chat.stream)
        var headers = HTTPFields()
        headers.set("x-request-id", requestID)
        guard exchange.chat.stream else {
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
