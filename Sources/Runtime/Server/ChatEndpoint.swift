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
        let reader = reader(job)
        let runs = job.generation.choices(job.count).map { ChoiceRun(engine: model.engine, request: $0, reader: reader, isAlwaysWhole: job.isForced) }
        let events = Choices.events([runs])
        guard job.streams else { return try await whole(events, job) }
        let start = try await Self.start(of: events)
        let headers = start.headers + Answers.grammarHeaders(dropped: job.dropped)
        return ServerSentEvents.response(headers: headers) { try await stream(events, start, job, to: &$0) }
    }

    private static func start(of events: Choices.Events) async throws -> GenerationStart {
        var iterator = events.makeAsyncIterator()
        guard case .started(let start)? = try await iterator.next()?.event else { throw CancellationError() }
        return start
    }

    private func reader(_ job: ChatJob) -> AnswerReader {
        let shown = Set((job.parser.dialect?.markers ?? []) + (job.parser.readsReasoning ? ["<think>", "</think>"] : []))
        return AnswerReader(
            tokenizer: model.tokenizer, shown: Set(shown.compactMap(model.tokenizer.id(of:))), stops: job.stops, parser: job.parser,
            endsWithFirstCall: job.endsWithFirstCall
        ) { _ in Identifiers.make("call_") }
    }

    // MARK: A stream

    private func chunk(_ choices: [OpenAI.ChatChunk.Choice], usage: OpenAI.Usage? = nil) -> [UInt8] {
        OpenAI.ChatChunk(id: id, model: model.name, created: created, choices: choices, usage: usage).json.bytes
    }

    private func stream(
        _ events: Choices.Events, _ start: GenerationStart, _ job: ChatJob, to writer: inout ServerSentEvents.EventWriter
    ) async throws {
        var logprobs = Array(repeating: TokenLogprobs(model.tokenizer), count: job.count)
        let beginning = OpenAI.ChatChunk.Delta(role: "assistant", content: "")
        var ends: [ChoiceEnd] = []
        try await writer.event(data: chunk([.init(delta: beginning)], usage: [start].usage(completion: 0)))
        do {
            for try await (index, event) in events {
                switch event {
                case .started: try await writer.event(data: chunk([.init(index: index, delta: beginning)]))
                case .output(let outputs, let tokens):
                    for token in tokens { logprobs[index].append(token) }
                    for output in outputs {
                        let choice = OpenAI.ChatChunk.Choice(index: index, delta: Self.delta(output), logprobs: logprobs[index].takeChat())
                        try await writer.event(data: chunk([choice]))
                    }
                case .ended(let end):
                    let last = OpenAI.ChatChunk.Choice(
                        index: index, finishReason: end.reason, logprobs: logprobs[index].takeChat(), stopString: end.stopString)
                    try await writer.event(data: chunk([last]))
                    ends.append(end)
                }
            }
        } catch let error where error is EngineError {
            // The status is sent already: the stream itself says what happened, and does not look finished.
            let failure = OpenAI.Failure(error)
            metrics.count("chat", status: failure.status)
            return try await writer.event(data: failure.json.bytes)
        }
        try Task.checkCancellation()
        if job.includesUsage { try await writer.event(data: chunk([], usage: usage(start, ends))) }
        try await writer.event(data: Array(OpenAI.streamEnd.utf8))
        metrics.count("chat", status: 200)
    }

    private func usage(_ start: GenerationStart, _ ends: [ChoiceEnd]) -> OpenAI.Usage {
        [start].usage(
            completion: ends.reduce(0) { $0 + $1.tokens }, reasoning: model.readsReasoning ? ends.reduce(0) { $0 + $1.reasoningTokens } : nil)
    }

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

    private func whole(_ events: Choices.Events, _ job: ChatJob) async throws -> Response {
        var answers = Array(repeating: AnswerAssembly(), count: job.count)
        var logprobs = Array(repeating: TokenLogprobs(model.tokenizer), count: job.count)
        var ends: [ChoiceEnd?] = Array(repeating: nil, count: job.count)
        var first: GenerationStart?
        for try await (index, event) in events {
            switch event {
            case .started(let start): if index == 0 { first = start }
            case .output(let outputs, let tokens):
                answers[index].add(outputs)
                for token in tokens { logprobs[index].append(token) }
            case .ended(let end): ends[index] = end
            }
        }
        let all = ends.compactMap { $0 }
        guard let first, all.count == job.count else { throw CancellationError() }
        metrics.count("chat", status: 200)
        let choices = all.indices.map { index in
            OpenAI.ChatResponse.Choice(
                index: index, message: answers[index].message, finishReason: all[index].reason, logprobs: logprobs[index].takeChat(),
                stopString: all[index].stopString)
        }
        let response = OpenAI.ChatResponse(id: id, model: model.name, created: created, choices: choices, usage: usage(first, all))
        return Answers.json(response.json, headers: first.headers + Answers.grammarHeaders(dropped: job.dropped))
    }
}
