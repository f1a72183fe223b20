extension OpenAI.Usage {
    /// The counts in the Messages API's split. A cache write that the server does not report is none: no figure is assumed.
    public var message: MessageUsage {
        let read = min(max(0, cachedTokens ?? 0), promptTokens)
        let written = min(max(0, cacheWriteTokens ?? 0), promptTokens - read)
        return MessageUsage(
            input: promptTokens - read - written, output: completionTokens, cacheCreation: written, cacheRead: read, thinking: reasoningTokens,
            cost: cost)
    }

    /// A later report replaces an earlier one, but counts that it leaves out, and a completion that it would shrink, stay.
    func merged(over earlier: OpenAI.Usage?) -> OpenAI.Usage {
        guard let earlier else { return self }
        var merged = self
        if merged.promptTokens <= 0 { merged.promptTokens = earlier.promptTokens }
        merged.cachedTokens = cachedTokens ?? earlier.cachedTokens
        merged.cacheWriteTokens = cacheWriteTokens ?? earlier.cacheWriteTokens
        merged.completionTokens = max(completionTokens, earlier.completionTokens)
        merged.reasoningTokens = reasoningTokens ?? earlier.reasoningTokens
        merged.cost = cost ?? earlier.cost
        return merged
    }
}
