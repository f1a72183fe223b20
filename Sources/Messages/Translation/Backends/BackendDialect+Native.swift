extension BackendDialect {
    /// The native worker of this project.
    public static let native: BackendDialect = {
        var dialect = BackendDialect(name: "native")
        dialect.inlineSystem = .asked
        dialect.images = nil
        dialect.lateTools = .inMessages
        dialect.thinkingSwitch = .templateArgument
        dialect.effort = .templateArgument
        dialect.maximumStops = 16
        dialect.tokenCounting = .chatTokenize
        dialect.reasoningMember = "reasoning_content"
        dialect.acceptsZeroMaxTokens = true
        dialect.isNative = true
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
