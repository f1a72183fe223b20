extension BackendDialect {
    /// llama.cpp's server.
    public static let llamaServer: BackendDialect = {
        var dialect = BackendDialect(name: "llama-server")
        dialect.thinkingSwitch = .templateArgument
        dialect.tokenCounting = .applyTemplate
        dialect.reasoningMember = "reasoning_content"
        dialect.extra = ["cache_prompt": true]
        dialect.samplingNames = .engine(repetition: "repeat_penalty")
        return dialect
    }()
}
