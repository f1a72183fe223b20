import JSON

extension OpenAI {
    /// Tokens of one request. A count that a server did not report is nil, never a guess.
    public struct Usage: Sendable, Equatable {
        public var promptTokens: Int
        public var completionTokens: Int
        /// Of the prompt: found in the cache, not computed.
        public var cachedTokens: Int?
        /// Of the prompt: written to the cache.
        public var cacheWriteTokens: Int?
        /// Of the completion: reasoning.
        public var reasoningTokens: Int?
        /// What the answer cost, in US dollars; of servers that bill.
        public var cost: Double?

        public init(
            promptTokens: Int, completionTokens: Int, cachedTokens: Int? = nil, cacheWriteTokens: Int? = nil, reasoningTokens: Int? = nil,
            cost: Double? = nil
        ) {
            self.promptTokens = promptTokens
            self.completionTokens = completionTokens
            self.cachedTokens = cachedTokens
            self.cacheWriteTokens = cacheWriteTokens
            self.reasoningTokens = reasoningTokens
            self.cost = cost
        }

        /// - Returns: nil unless there is a count of prompt tokens.
        public init?(_ json: JSON) {
            guard let prompt = TokenCount.read(json["prompt_tokens"]) else { return nil }
            promptTokens = prompt
            completionTokens = TokenCount.read(json["completion_tokens"]) ?? 0
            cachedTokens = TokenCount.read(json["prompt_tokens_details"]?["cached_tokens"])
            cacheWriteTokens = TokenCount.read(json["prompt_tokens_details"]?["cache_write_tokens"])
            reasoningTokens = TokenCount.read(json["completion_tokens_details"]?["reasoning_tokens"])
            cost = json["cost"]?.doubleValue.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }

        public var json: JSON {
            var members: JSONObject = [
                "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
                "total_tokens": .integer(promptTokens + completionTokens),
            ]
            var details: JSONObject = [:]
            details["cached_tokens"] = cachedTokens.map(JSON.integer)
            details["cache_write_tokens"] = cacheWriteTokens.map(JSON.integer)
            if !details.isEmpty { members["prompt_tokens_details"] = .object(details) }
            if let reasoningTokens { members["completion_tokens_details"] = ["reasoning_tokens": .integer(reasoningTokens)] }
            if let cost { members["cost"] = .double(cost) }
            return .object(members)
        }
    }
}

/// Counts of tokens as they enter from outside.
enum TokenCount {
    /// Far beyond any context, and far below what the sum of a few overflows with.
    private static let most = 1 << 40

    /// A count within reason: others add it up, and a server's fault must not become theirs.
    static func read(_ json: JSON?) -> Int? { json?.intValue.map { min(max(0, $0), most) } }
}
