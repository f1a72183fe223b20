import JSON
import Messages

/// What both completion endpoints take besides the prompt.
struct GenerationOptions {
    var maxTokens: Int?
    var sampling: Sampling
    var stops: [String]
    var streams: Bool
    var includesUsage: Bool
    /// How many answers are wanted.
    var count: Int
    private static let mostAnswers = 16

    init(_ json: JSON, defaults: Sampling, vocabularySize: Int) throws(OpenAI.Failure) {
        let members = RequestMembers(json: json)
        let answers = try members.integer("n", in: 1...Self.mostAnswers) ?? 1
        count = answers
        try members.refuse("best_of", unless: { $0 == .integer(answers) }, "all answers that are generated are given")
        let limit = try members.integer("max_completion_tokens", in: 0...Int(Int32.max))
        let olderLimit = try members.integer("max_tokens", in: 0...Int(Int32.max))
        maxTokens = limit ?? olderLimit
        stops = try members.texts("stop", atMost: 16)
        streams = try members.flag("stream") ?? false
        if let options = members["stream_options"], options.objectValue == nil {
            throw .invalidRequest("`stream_options` must be an object, not \(options.typeName)", param: "stream_options")
        }
        includesUsage = try RequestMembers(json: json["stream_options"] ?? .null).flag("include_usage") ?? false
        sampling = defaults
        if let value = try members.number("temperature", in: 0...100) { sampling.temperature = value }
        if let value = try members.number("top_p", in: 0...1) { sampling.topP = value == 0 ? .leastNormalMagnitude : value }
        if let value = try members.integer("top_k", in: -1...Int(Int32.max)) { sampling.topK = max(0, value) }
        if let value = try members.number("min_p", in: 0...1) { sampling.minP = value }
        if let value = try members.integer("seed", in: Int.min...Int.max) { sampling.seed = UInt64(bitPattern: Int64(value)) }
        if let value = try members.number("repetition_penalty", in: 0.01...100) { sampling.repetitionPenalty = value }
        if let value = try members.number("presence_penalty", in: -2...2) { sampling.presencePenalty = value }
        if let value = try members.number("frequency_penalty", in: -2...2) { sampling.frequencyPenalty = value }
        sampling.logitBias.merge(try Self.logitBias(members["logit_bias"], vocabularySize)) { $1 }
    }

    /// Token ids to numbers from -100 (never) to 100.
    private static func logitBias(_ json: JSON?, _ vocabularySize: Int) throws(OpenAI.Failure) -> [Int32: Float] {
        guard let json else { return [:] }
        guard case .object(let members) = json else { throw .invalidRequest("`logit_bias` must be an object", param: "logit_bias") }
        var bias: [Int32: Float] = [:]
        for member in members {
            guard let id = Int32(member.key), id >= 0, Int(id) < vocabularySize, let value = member.value.doubleValue, abs(value) <= 100 else {
                throw .invalidRequest(
                    "`logit_bias` maps token ids below \(vocabularySize) to numbers between -100 and 100, not \(member.key) to \(member.value.text)",
                    param: "logit_bias")
            }
            bias[id] = value == -100 ? -.infinity : Float(value)
        }
        return bias
    }
}
