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
        /// What the request cost, in the provider's unit (OpenRouter: US dollars), as it was written.
        public var cost: JSON?

        public init(
            promptTokens: Int, completionTokens: Int, cachedTokens: Int? = nil, cacheWriteTokens: Int? = nil, reasoningTokens: Int? = nil,
            cost: JSON? = nil
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
            let details = json["prompt_tokens_details"]
            // DeepSeek, Moonshot and gateways to the Anthropic API have words of their own.
            cachedTokens =
                [details?["cached_tokens"], json["prompt_cache_hit_tokens"], json["cached_tokens"], json["cache_read_input_tokens"]]
                .lazy.compactMap(TokenCount.read).first
            cacheWriteTokens =
                [details?["cache_write_tokens"], json["cache_creation_input_tokens"]].lazy.compactMap(TokenCount.read).first
            reasoningTokens = TokenCount.read(json["completion_tokens_details"]?["reasoning_tokens"])
            cost = json["cost"].flatMap { $0.doubleValue == nil ? Optional<JSON>.none : $0 }
        }

        /// All that an answer or a chunk counts: `usage`, and llama.cpp's `timings` and `prompt_progress`, which says what the prompt
        /// has before its first token is computed.
        init?(ofAnswer json: JSON, usage: JSON?) {
            if let counts = usage.flatMap(Usage.init) {
                self = counts
                cachedTokens = cachedTokens ?? TokenCount.read(json["timings"]?["cache_n"])
            } else if let computed = TokenCount.read(json["timings"]?["prompt_n"]), let cached = TokenCount.read(json["timings"]?["cache_n"]) {
                let completion = TokenCount.read(json["timings"]?["predicted_n"]) ?? 0
                self.init(promptTokens: computed + cached, completionTokens: completion, cachedTokens: cached)
            } else if let progress = json["prompt_progress"], let total = TokenCount.read(progress["total"]) {
                self.init(promptTokens: total, completionTokens: 0, cachedTokens: TokenCount.read(progress["cache"]))
            } else {
                return nil
            }
        }

        /// The cost as an amount, where it is one.
        public var dollars: Double? { cost?.doubleValue.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil } }

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
            members["cost"] = cost
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
