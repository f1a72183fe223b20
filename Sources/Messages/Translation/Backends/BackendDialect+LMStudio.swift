extension BackendDialect {
    /// LM Studio. Its own `count_tokens` answers 200 with a body of another shape, so it counts as having none.
    public static let lmstudio: BackendDialect = {
        var dialect = BackendDialect(name: "lmstudio")
        dialect.reasoningMember = "reasoning_content"
        dialect.discoversModel = true
        dialect.samplingNames = .engine(repetition: "repeat_penalty")
        return dialect
    }()
}
