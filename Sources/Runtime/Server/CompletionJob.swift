import JSON
import Messages

/// A request to complete texts, understood.
struct CompletionJob: Sendable {
    /// One for each prompt.
    let generations: [GenerationRequest]
    /// How many answers each prompt is wanted to have.
    let count: Int
    let stops: [String]
    let streams: Bool
    let includesUsage: Bool

    private static let mostChoices = 64

    init(_ body: JSON, model: ServedModel) throws(OpenAI.Failure) {
        let members = RequestMembers(json: body)
        try members.refuse("echo", unless: { $0 == false }, "the prompt is not repeated")
        try members.refuse("suffix", unless: { $0 == "" }, "text is not filled in before a suffix")
        let options = try GenerationOptions(body, defaults: model.defaults, vocabularySize: model.engine.vocabularySize)
        let logprobs = try members.integer("logprobs", in: 0...20)
        var generations: [GenerationRequest] = []
        for prompt in try Self.prompts(body["prompt"]) {
            let tokens = try Self.tokens(of: prompt, model)
            generations.append(
                GenerationRequest(
                    // The API's own default.
                    prompt: tokens, maxTokens: options.maxTokens ?? 16, sampling: options.sampling, stopTokens: model.stopTokens,
                    logprobs: logprobs))
        }
        guard generations.count * options.count <= Self.mostChoices else {
            throw .invalidRequest("`prompt` and `n` ask for more than \(Self.mostChoices) answers", param: "prompt")
        }
        self.generations = generations
        count = options.count
        stops = options.stops
        streams = options.streams
        includesUsage = options.includesUsage
    }

    /// A text, tokens, or a list of either.
    private static func prompts(_ prompt: JSON?) throws(OpenAI.Failure) -> [JSON] {
        switch prompt {
        case .string?: return [prompt].compactMap { $0 }
        case .array(let list)? where !list.isEmpty && list.count <= mostChoices && list.allSatisfy({ $0.stringValue != nil || $0.arrayValue != nil }):
            return list
        case .array(let list)? where !list.isEmpty && list.allSatisfy({ $0.intValue != nil }): return [.array(list)]
        default:
            throw .invalidRequest(
                "`prompt` must be a text, a list of token ids, or a list of at most \(mostChoices) texts or lists of token ids", param: "prompt")
        }
    }

    private static func tokens(of prompt: JSON, _ model: ServedModel) throws(OpenAI.Failure) -> [Int32] {
        if let list = prompt.arrayValue {
            let ids = list.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
            guard !ids.isEmpty, ids.count == list.count else {
                throw .invalidRequest("`prompt` has a list that is not of token ids", param: "prompt")
            }
            return ids
        }
        do {
            return try model.tokenizer.encode(prompt.stringValue ?? "", addSpecialTokens: true)
        } catch {
            throw .invalidRequest(error.message, param: "prompt")
        }
    }
}

extension GenerationRequest {
    /// So many requests that differ in their seed alone: one seed gives one set of answers.
    func choices(_ count: Int) -> [GenerationRequest] {
        (0..<count).map { index in
            var request = self
            request.sampling.seed = sampling.seed.map { $0 &+ UInt64(index) }
            return request
        }
    }
}
