import Hummingbird
import JSON
import Messages
import Serving

/// `POST /v1/completions`: text goes on, without a chat template.
struct CompletionEndpoint: Sendable {
    let model: ServedModel
    let metrics: RuntimeMetrics
    private let id = Identifiers.make("cmpl-")
    private let created = Identifiers.now()

    init(model: ServedModel, metrics: RuntimeMetrics) {
        self.model = model
        self.metrics = metrics
    }

    func respond(to job: CompletionJob) async throws -> Response {
        let reader = AnswerReader(tokenizer: model.tokenizer, stops: job.stops, parser: .init(), endsWithFirstCall: false) { _ in "" }
        let prompts = job.generations.map { generation in
            generation.choices(job.count).map { ChoiceRun(engine: model.engine, request: $0, reader: reader) }
        }
        let events = Choices.events(prompts)
        guard job.streams else { return try await whole(events, job) }
        // What the engine refuses at once is an HTTP error.
        var iterator = events.makeAsyncIterator()
        guard let (index, event) = try await iterator.next(), case .started(let start) = event else { throw CancellationError() }
        return ServerSentEvents.response(headers: start.headers) { writer in
            do {
                try await stream(events, [index: start], job, to: &writer)
            } catch let error where error is EngineError {
                let failure = OpenAI.Failure(error)
                metrics.count("completions", status: failure.status)
                try await writer.event(data: failure.json.bytes)
            }
        }
    }

    /// The starts of the prompts, from those of all choices.
    private func usage(_ starts: [Int: GenerationStart], _ job: CompletionJob, tokens: Int) -> JSON {
        starts.filter { $0.key % job.count == 0 }.map(\.value).usage(completion: tokens).json
    }

    private static func text(_ events: [OutputEvent]) -> String { events.map { if case .text(let text) = $0 { text } else { "" } }.joined() }

    private func stream(
        _ events: Choices.Events, _ first: [Int: GenerationStart], _ job: CompletionJob, to writer: inout ServerSentEvents.EventWriter
    ) async throws {
        var starts = first
        var logprobs = Array(repeating: TokenLogprobs(model.tokenizer), count: job.generations.count * job.count)
        var tokens = 0
        for try await (index, event) in events {
            switch event {
            case .started(let start): starts[index] = start
            case .output(let outputs, let more):
                for token in more { logprobs[index].append(token) }
                try await writer.event(data: body([choice(index, Self.text(outputs), logprobs[index].takeText())]).bytes)
            case .ended(let end):
                tokens += end.tokens
                try await writer.event(data: body([choice(index, "", nil, end)]).bytes)
            }
        }
        try Task.checkCancellation()
        if job.includesUsage { try await writer.event(data: body([], usage: usage(starts, job, tokens: tokens)).bytes) }
        try await writer.event(data: Array(OpenAI.streamEnd.utf8))
        metrics.count("completions", status: 200)
    }

    private func whole(_ events: Choices.Events, _ job: CompletionJob) async throws -> Response {
        let count = job.generations.count * job.count
        var starts: [Int: GenerationStart] = [:]
        var texts = Array(repeating: "", count: count)
        var logprobs = Array(repeating: TokenLogprobs(model.tokenizer), count: count)
        var ends: [ChoiceEnd?] = Array(repeating: nil, count: count)
        for try await (index, event) in events {
            switch event {
            case .started(let start): starts[index] = start
            case .output(let outputs, let more):
                texts[index] += Self.text(outputs)
                for token in more { logprobs[index].append(token) }
            case .ended(let end): ends[index] = end
            }
        }
        let all = ends.compactMap { $0 }
        guard let first = starts[0], all.count == count else { throw CancellationError() }
        metrics.count("completions", status: 200)
        let choices = all.indices.map { choice($0, texts[$0], logprobs[$0].takeText(), all[$0]) }
        let tokens = all.reduce(0) { $0 + $1.tokens }
        return Answers.json(body(choices, usage: usage(starts, job, tokens: tokens)), headers: first.headers)
    }

    private func choice(_ index: Int, _ text: String, _ logprobs: JSON?, _ end: ChoiceEnd? = nil) -> JSON {
        [
            "index": .integer(index), "text": .string(text), "logprobs": logprobs ?? .null,
            "finish_reason": end.map { .string($0.reason.rawValue) } ?? .null,
        ]
    }

    private func body(_ choices: [JSON], usage: JSON? = nil) -> JSON {
        var members: JSONObject = [
            "id": .string(id), "object": "text_completion", "created": .integer(created), "model": .string(model.name), "choices": .array(choices),
        ]
        members["usage"] = usage
        return .object(members)
    }
}
