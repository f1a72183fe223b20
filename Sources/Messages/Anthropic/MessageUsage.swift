import JSON

/// Tokens of one answer as the Messages API counts them: the whole input is `input + cacheCreation + cacheRead`.
public struct MessageUsage: Sendable, Equatable {
    public var input: Int
    public var output: Int
    public var cacheCreation: Int
    public var cacheRead: Int
    /// Part of `output`; nil where the model's server does not say.
    public var thinking: Int?
    /// What a gateway says that the request cost; not the API's own word, but where OpenRouter's form of this API has it.
    public var cost: JSON?

    /// The whole input.
    public var prompt: Int { input + cacheCreation + cacheRead }

    public init(input: Int = 0, output: Int = 0, cacheCreation: Int = 0, cacheRead: Int = 0, thinking: Int? = nil, cost: JSON? = nil) {
        self.input = input
        self.output = output
        self.cacheCreation = cacheCreation
        self.cacheRead = cacheRead
        self.thinking = thinking
        self.cost = cost
    }

    public var json: JSON {
        var object: JSONObject = [
            "input_tokens": .integer(input), "cache_creation_input_tokens": .integer(cacheCreation), "cache_read_input_tokens": .integer(cacheRead),
            "output_tokens": .integer(output),
        ]
        if let thinking { object["output_tokens_details"] = ["thinking_tokens": .integer(thinking)] }
        object["cost"] = cost
        return .object(object)
    }

    /// Reads `usage` of a message; absent counts are zero.
    public init(_ json: JSON?) {
        self.init(
            input: TokenCount.read(json?["input_tokens"]) ?? 0, output: TokenCount.read(json?["output_tokens"]) ?? 0,
            cacheCreation: TokenCount.read(json?["cache_creation_input_tokens"]) ?? 0,
            cacheRead: TokenCount.read(json?["cache_read_input_tokens"]) ?? 0,
            thinking: TokenCount.read(json?["output_tokens_details"]?["thinking_tokens"]), cost: json?["cost"]?.unlessNull)
    }
}
