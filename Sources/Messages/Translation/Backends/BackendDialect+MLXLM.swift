extension BackendDialect {
    /// mlx_lm.server: ignores `tool_choice` and `response_format`, takes no other model name than its own.
    public static let mlxLM: BackendDialect = {
        var dialect = BackendDialect(name: "mlx-lm")
        dialect.images = .placeholder
        dialect.responseFormat = .instruction
        dialect.reasoningMember = "reasoning"
        dialect.understandsParallelToolCalls = false
        dialect.notFoundMayMeanFailure = true
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
