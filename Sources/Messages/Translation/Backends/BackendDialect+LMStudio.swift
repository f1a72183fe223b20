extension BackendDialect {
    /// LM Studio. Its own `count_tokens` answers 200 with a body of another shape, so it counts as having none.
    public static let lmstudio: BackendDialect = {
        var dialect = BackendDialect(name: "lmstudio")
        // "'url' field must be a base64 encoded image": it says so of addresses, and of WebP.
        dialect.images = Images(formats: ["image/png", "image/jpeg", "image/gif"], fetchesURLs: false)
        // "Supported string values: none, auto, required".
        dialect.toolChoice = .words
        dialect.understandsParallelToolCalls = false
        dialect.reasoningMember = "reasoning_content"
        dialect.discoversModel = true
        dialect.samplingNames = .engine(repetition: "repeat_penalty")
        return dialect
    }()
}
