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

    private struct Job: Sendable {
        let generation: GenerationRequest
        let stops: [String]
        let includesUsage: Bool
    }

    func respond(to body: JSON) async throws -> Response {
        let members = RequestMembers(json: body)
        try members.refuse("echo", unless: { $0 == false }, "the prompt is not repeated")
        try members.refuse("suffix", unless: { $0 == "" }, "text is not filled in before a suffix")
        let options = try GenerationOptions(body, defaults: model.defaults, vocabularySize: model.engine.vocabularySize)
        let prompt = try prompt(body)
        // The API's own default.
        let maxTokens = options.maxTokens ?? 16
        let job = Job(
            generation: GenerationRequest(
                prompt: prompt, maxTokens: maxTokens, sampling: options.sampling, stopTokens: model.stopTokens,
                logprobs: try members.integer("logprobs", in: 0...20)), stops: options.stops, includesUsage: options.includesUsage)
        let events = model.engine.generate(job.generation)
        guard options.streams else { return try await whole(events, job) }
        let start = try await GenerationStart(of: events)
        return ServerSentEvents.response(headers: start.headers) { writer in
            do {
                let end = try await run(events, job) { text, logprobs in
                    try await writer.event(data: chunk(text, logprobs, nil, nil).bytes)
                }
                try await writer.event(data: chunk("", nil, end.reason, nil).bytes)
                if job.includesUsage {
                    let usage = start.usage(completion: end.tokens).json
                    try await writer.event(data: chunk(nil, nil, nil, usage).bytes)
                }
                try await writer.event(data: Array(OpenAI.streamEnd.utf8))
                metrics.count("completions", status: 200)
            } catch let error where error is EngineError {
                try await writer.event(data: OpenAI.Failure(error).json.bytes)
            }
        }
    }

    /// A text, or tokens; one prompt at a time.
    private func prompt(_ body: JSON) throws -> [Int32] {
        var prompt = body["prompt"]
        if case .array(let list)? = prompt, list.count == 1, list[0].intValue == nil { prompt = list[0] }
        switch prompt {
        case .string(let text)?: return try tokens(of: text)
        case .array(let elements)? where !elements.isEmpty:
            let ids = elements.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
            guard ids.count == elements.count else { throw OpenAI.Failure.invalidRequest("one prompt at a time is completed", param: "prompt") }
            return ids
        default: throw OpenAI.Failure.invalidRequest("`prompt` must be a text or a list of token ids", param: "prompt")
        }
    }

    private func tokens(of text: String) throws -> [Int32] {
        do {
            return try model.tokenizer.encode(text, addSpecialTokens: true)
        } catch {
            throw OpenAI.Failure.invalidRequest(error.message, param: "prompt")
        }
    }

    private func run(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ job: Job, _ write: (String, JSON?) async throws -> Void
    ) async throws -> (reason: OpenAI.FinishReason, tokens: Int) {
        var reader = AnswerReader(tokenizer: model.tokenizer, stops: job.stops, parser: .init(), endsWithFirstCall: false) { _ in "" }
        var logprobs = TokenLogprobs(model.tokenizer)
        func text(_ events: [OutputEvent]) -> String { events.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
        var tokens = 0
        for try await event in events {
            switch event {
            case .started: break
            case .token(let token):
                tokens += 1
                if job.generation.logprobs != nil { logprobs.append(token) }
                let more = text(reader.read(token.id))
                if !more.isEmpty { try await write(more, logprobs.takeText()) }
                if reader.isAtEnd { return (.stop, tokens) }
            case .finished(let finish, let statistics):
                let rest = text(reader.finish(isCut: finish.isCut))
                let last = logprobs.takeText()
                if !rest.isEmpty || last != nil { try await write(rest, last) }
                return (finish.isCut ? .length : .stop, statistics.generatedTokens)
            }
        }
        throw CancellationError()
    }

    private func whole(_ events: AsyncThrowingStream<GenerationEvent, any Error>, _ job: Job) async throws -> Response {
        let start = try await GenerationStart(of: events)
        var text = ""
        var logprobs: [JSON] = []
        let end = try await run(events, job) { more, values in
            text += more
            if let values { logprobs.append(values) }
        }
        metrics.count("completions", status: 200)
        let merged = logprobs.isEmpty ? nil : Self.merged(logprobs)
        return Answers.json(chunk(text, merged, end.reason, start.usage(completion: end.tokens).json), headers: start.headers)
    }

    private static func merged(_ pieces: [JSON]) -> JSON {
        var members: JSONObject = [:]
        for key in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] {
            members[key] = .array(pieces.flatMap { $0[key]?.arrayValue ?? [] })
        }
        return .object(members)
    }

    private func chunk(_ text: String?, _ logprobs: JSON?, _ reason: OpenAI.FinishReason?, _ usage: JSON?) -> JSON {
        var choices: [JSON] = []
        if let text {
            choices = [
                [
                    "index": 0, "text": .string(text), "logprobs": logprobs ?? .null,
                    "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
                ]
            ]
        }
        var members: JSONObject = [
            "id": .string(id), "object": "text_completion", "created": .integer(created), "model": .string(model.name), "choices": .array(choices),
        ]
        members["usage"] = usage
        return .object(members)
    }
}
