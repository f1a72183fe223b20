extension BackendDialect {
    /// llama.cpp's server.
    public static let llamaServer: BackendDialect = {
        var dialect = BackendDialect(name: "llama-server")
        // Its decoder of pictures knows no WebP.
        dialect.images = Images(formats: ["image/png", "image/jpeg", "image/gif"], fetchesURLs: true)
        dialect.toolChoice = .words
        dialect.schemas = .llamaGrammar
        dialect.responseFormat = .llamaGrammar
        dialect.thinkingSwitch = .templateArgument
        dialect.thinkingBudgetMember = "thinking_budget_tokens"
        dialect.effort = .templateArgument
        dialect.tokenCounting = .applyTemplate
        dialect.reasoningMember = "reasoning_content"
        dialect.extra = ["cache_prompt": true]
        dialect.samplingNames = .engine(repetition: "repeat_penalty")
        return dialect
    }()
}
