import Glibc
import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import Serving

/// One request for a chat completion, and the backends that may answer it.
struct ChatRelay: Sendable {
    let assembly: ProxyAssembly
    /// At least one, in the order in which they are asked.
    let targets: [ResolvedBackend]
    let chat: OpenAI.ChatRequest
    let request: Request
    let caller: Caller
    let permit: Gate.Permit
    let requestID: String
    let meter = ChatMeter()

    /// The answer's head, of the first backend that takes the request.
    ///
    /// - Throws: `OpenAI.Failure`, which is counted already; `CancellationError`.
    func open() async throws -> ChatExchange {
        for (index, backend) in targets.enumerated() {
            RequestTrace.current?.note(backend: backend)
            RequestTrace.current?.note { facts in
                facts.passes = false
                facts.source = .chat(meter)
                facts.answeringModel = backend.settings.model ?? chat.model
            }
            let hasOthers = index < targets.count - 1
            let question = ChatExchange.Question(chat: chat, request: request, caller: caller, permit: permit, hasOthers: hasOthers)
            do {
                let exchange = try await ChatExchange(assembly: assembly, backend: backend, question)
                guard exchange.response.status.code == 200 else { throw try await exchange.failure() }
                return exchange
            } catch let error as AnthropicError where hasOthers && error.mayBeAskedElsewhere && !Task.isCancelled {
                assembly.metrics.countFallback(from: backend.name, to: targets[index + 1].name)
            } catch let error as AnthropicError {
                throw counted(OpenAI.Failure(error), backend)
            } catch let error as OpenAI.Failure {
                throw counted(error, backend)
            } catch let error as CancellationError {
                assembly.metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
                throw error
            }
        }
        throw OpenAI.Failure(AnthropicError(.notFound, "no backend is left to ask"))
    }

    func counted(_ failure: OpenAI.Failure, _ backend: ResolvedBackend) -> OpenAI.Failure {
        meter.fail(failure)
        assembly.metrics.countRequest(backend: backend.name, status: failure.status)
        return failure
    }

    /// An answer that is told anew.
    func chunks(_ backend: ResolvedBackend) -> ChatChunkStream {
        ChatChunkStream(
            id: Identifiers.chat(), model: chat.model ?? backend.name, created: Glibc.time(nil), includesUsage: chat.includeUsage || !chat.stream)
    }

    /// The answer is over: what it took is counted.
    func settle(_ backend: ResolvedBackend) {
        let figures = meter.end()
        assembly.metrics.countAnswer(figures, backend: backend.name)
        if let usage = figures.usage { assembly.rates.charge(caller.account, tokens: usage.input + usage.cacheCreation + usage.output) }
    }

    // MARK: a stream

    /// All of it, or why there is none.
    func stream(into feed: ChatFeed) async {
        do {
            let exchange = try await open()
            assembly.metrics.countRequest(backend: exchange.backend.name, status: 200)
            try await exchange.telling { try await relay(exchange, into: feed) }
            settle(exchange.backend)
        } catch let failure as OpenAI.Failure {
            feed.put(failure)
        } catch is CancellationError {
            // Whoever would read of it has gone.
        } catch {
            assembly.logger.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(error)"])
            feed.put(OpenAI.Failure(AnthropicError(.api, "the proxy failed: \(error)")))
        }
    }

    private func relay(_ exchange: ChatExchange, into feed: ChatFeed) async throws {
        var fields = HTTPFields()
        fields.set("x-request-id", requestID)
        if !exchange.isTold {
            var passed = PassThrough.fields(exchange.response.headers)
            passed.append(contentsOf: fields)
            if exchange.isEventStream {
                // Comments are added, and a chunk may stay here.
                passed[.contentLength] = nil
                _ = feed.head(passed)
                return try await pass(exchange, into: feed)
            }
            // A server that does not stream; to a client that was sent the head of a stream it is told as one.
            if feed.head(passed) { return try await passWhole(exchange, into: feed) }
        } else {
            _ = feed.head(ServerSentEvents.fields(fields))
        }
        try await exchange.tell(chunks(exchange.backend), meter) { outputs in
            var buffer = ByteBuffer()
            for output in outputs { buffer.writeBytes(output.bytes) }
            try await feed.put(buffer)
        }
    }

    private func pass(_ exchange: ChatExchange, into feed: ChatFeed) async throws {
        var events = ChatEvents(dropsUsage: !chat.includeUsage)
        do {
            for try await buffer in exchange.response.body {
                let bytes = try buffer.withUnsafeReadableBytes { (bytes) throws(SSEError) in try events.feed(bytes) }
                meter.note(events.facts)
                try await feed.put(ByteBuffer(bytes: bytes))
            }
            let rest = try events.finish()
            meter.note(events.facts)
            try await feed.put(ByteBuffer(bytes: rest))
            exchange.lease?.note(.answered)
        } catch  where !(error is CancellationError) {
            try Task.checkCancellation()
            let failure = OpenAI.Failure(AnthropicError(.api, "the model's server broke off its answer: \(error)"))
            meter.fail(failure)
            feed.put(failure)
        }
    }

    private func passWhole(_ exchange: ChatExchange, into feed: ChatFeed) async throws {
        do {
            try await exchange.passWhole(meter) { try await feed.put($0) }
        } catch  where !(error is CancellationError) {
            try Task.checkCancellation()
            feed.cut(error)
        }
    }
}
