import Hummingbird
import JSON
import Messages
import Serving

/// `POST /v1/chat/completions`.
struct ChatEndpoint: Sendable {
    let model: ServedModel
    let metrics: RuntimeMetrics
    private let id = Identifiers.make("chatcmpl-")
    private let created = Identifiers.now()

    init(model: ServedModel, metrics: RuntimeMetrics) {
        self.model = model
        self.metrics = metrics
    }

    /// The status is decided when the engine has taken the request up: what it refuses is an HTTP error.
    func respond(to job: ChatJob) async throws -> Response {
        let events = model.engine.generate(job.generation)
        guard job.streams else { return try await whole(events, job) }
        let start = try await GenerationStart(of: events)
        let headers = start.headers + Answers.grammarHeaders(dropped: job.dropped)
        return ServerSentEvents.response(headers: headers) { try await stream(events, start, job, to: &$0) }
    }

    private func reader(_ job: ChatJob) -> AnswerReader {
        let shown = Set((job.parser.dialect?.markers ?? []) + (job.parser.readsReasoning ? ["<think>", "</think>"] : []))
        return AnswerReader(
            tokenizer: model.tokenizer, shown: Set(shown.compactMap(model.tokenizer.id(of:))), stops: job.stops, parser: job.parser,
            endsWithFirstCall: job.endsWithFirstCall
        ) { _ in Identifiers.make("call_") }
    }

    private func reason(_ finish: FinishReason, _ reader: AnswerReader) -> OpenAI.FinishReason {
        if finish.isCut, !reader.isAtEnd { return .length }
        return reader.hasCalls ? .toolCalls : .stop
    }

    // MARK: A stream

    private func chunk(_ delta: OpenAI.ChatChunk.Delta, logprobs: JSON? = nil, usage: OpenAI.Usage? = nil) -> OpenAI.ChatChunk {
        .init(id: id, model: model.name, created: created, choices: [.init(delta: delta, logprobs: logprobs)], usage: usage)
    }

    private func stream(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ start: GenerationStart, _ job: ChatJob,
        to writer: inout ServerSentEvents.EventWriter
    ) async throws {
        var reader = reader(job)
        var logprobs = TokenLogprobs(model.tokenizer)
        var tokens = 0
        try await writer.event(data: chunk(.init(role: "assistant", content: ""), usage: start.usage(completion: 0)).json.bytes)
        do {
            loop: for try await event in events {
                switch event {
                case .started: break
                case .token(let token):
                    tokens += 1
                    if job.wantsLogprobs { logprobs.append(token) }
                    for output in reader.read(token.id) where !Self.isMute(output) {
                        try await writer.event(data: chunk(Self.delta(output), logprobs: logprobs.takeChat()).json.bytes)
                    }
                    if reader.isAtEnd {
                        try await end(&reader, .noTokenAllowed, tokens, logprobs.takeChat(), start, job, to: &writer)
                        break loop
                    }
                case .finished(let finish, let statistics):
                    try await end(&reader, finish, statistics.generatedTokens, logprobs.takeChat(), start, job, to: &writer)
                    break loop
                }
            }
        } catch let error where error is EngineError {
            // The status is sent already: the stream itself says what happened, and does not look finished.
            let failure = OpenAI.Failure(error)
            metrics.count("chat", status: failure.status)
            return try await writer.event(data: failure.json.bytes)
        }
        try Task.checkCancellation()
    }

    private func end(
        _ reader: inout AnswerReader, _ finish: FinishReason, _ tokens: Int, _ logprobs: JSON?, _ start: GenerationStart, _ job: ChatJob,
        to writer: inout ServerSentEvents.EventWriter
    ) async throws {
        for output in reader.finish(isCut: finish.isCut) where !Self.isMute(output) {
            try await writer.event(data: chunk(Self.delta(output)).json.bytes)
        }
        var last = chunk(.init(), logprobs: logprobs)
        last.choices[0].finishReason = reason(finish, reader)
        last.choices[0].stopString = reader.stopString
        try await writer.event(data: last.json.bytes)
        if job.includesUsage {
            let usage = start.usage(completion: tokens, reasoning: model.readsReasoning ? reader.reasoningTokens : nil)
            try await writer.event(
                data: OpenAI.ChatChunk(id: id, model: model.name, created: created, choices: [], usage: usage).json.bytes)
        }
        try await writer.event(data: Array(OpenAI.streamEnd.utf8))
        metrics.count("chat", status: 200)
    }

    private static func isMute(_ event: OutputEvent) -> Bool { if case .toolCallFinished = event { true } else { false } }

    private static func delta(_ event: OutputEvent) -> OpenAI.ChatChunk.Delta {
        switch event {
        case .text(let text): .init(content: text)
        case .reasoning(let text): .init(reasoning: text)
        case .toolCallStarted(let index, let id, let name): .init(toolCalls: [.init(index: index, id: id, name: name, arguments: "")])
        case .argumentsDelta(let index, let text): .init(toolCalls: [.init(index: index, arguments: text)])
        case .toolCallFinished: .init()
        }
    }

    // MARK: Whole

    private func whole(_ events: AsyncThrowingStream<GenerationEvent, any Error>, _ job: ChatJob) async throws -> Response {
        let start = try await GenerationStart(of: events)
        var reader = reader(job)
        var answer = AnswerAssembly()
        var logprobs = TokenLogprobs(model.tokenizer)
        var finish: FinishReason?
        var tokens = 0
        for try await event in events {
            switch event {
            case .started: break
            case .token(let token):
                tokens += 1
                if job.wantsLogprobs { logprobs.append(token) }
                answer.add(reader.read(token.id))
                if reader.isAtEnd { finish = .noTokenAllowed }
            case .finished(let reason, let statistics):
                finish = reason
                tokens = statistics.generatedTokens
            }
            if finish != nil { break }
        }
        guard let finish else { throw CancellationError() }
        answer.add(reader.finish(isCut: finish.isCut))
        metrics.count("chat", status: 200)
        let response = OpenAI.ChatResponse(
            id: id, model: model.name, created: created,
            choices: [
                .init(
                    message: answer.message, finishReason: reason(finish, reader), logprobs: logprobs.takeChat(), stopString: reader.stopString)
            ],
            usage: start.usage(completion: tokens, reasoning: model.readsReasoning ? reader.reasoningTokens : nil))
        return Answers.json(response.json, headers: start.headers + Answers.grammarHeaders(dropped: job.dropped))
    }
}
