extension BackendDialect {
    /// OpenRouter: cache breakpoints, `reasoning`, and system messages in place pass on to the providers.
    public static let openrouter: BackendDialect = {
        var dialect = BackendDialect(name: "openrouter")
        dialect.inlineSystem = .keep
        dialect.takesFiles = true
        dialect.formatsBesideTools = true
        dialect.thinkingSwitch = .reasoningObject
        dialect.keepsReasoningDetails = true
        dialect.keepsCacheControl = true
        dialect.sessionMember = "session_id"
        dialect.printsToolsFirst = true
        dialect.sendsUser = true
        dialect.extra = ["usage": ["include": true]]
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
