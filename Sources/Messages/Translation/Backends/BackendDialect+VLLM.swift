extension BackendDialect {
    /// vLLM, SGLang, and servers that take their parameters.
    public static let vllm: BackendDialect = {
        var dialect = BackendDialect(name: "vllm")
        dialect.thinkingSwitch = .templateArgument
        dialect.effort = .member
        dialect.tokenCounting = .tokenizeMessages
        dialect.reasoningMember = "reasoning"
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
