extension BackendDialect {
    /// vLLM, and servers that take its parameters.
    public static let vllm: BackendDialect = {
        var dialect = BackendDialect(name: "vllm")
        dialect.thinkingSwitch = .templateArgument
        dialect.reasoningMember = "reasoning"
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
