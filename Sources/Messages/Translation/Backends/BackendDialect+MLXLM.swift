extension BackendDialect {
    /// mlx_lm.server: ignores `tool_choice` and `response_format`, takes no other model name than its own.
    public static let mlxLM: BackendDialect = {
        var dialect = BackendDialect(name: "mlx-lm")
        dialect.images = nil
        dialect.toolChoice = .ignored
        dialect.understandsParallelToolCalls = false
        dialect.responseFormat = .instruction
        dialect.thinkingSwitch = .templateArgument
        dialect.effort = .templateArgument
        dialect.reasoningMember = "reasoning"
        dialect.notFoundMayMeanFailure = true
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
