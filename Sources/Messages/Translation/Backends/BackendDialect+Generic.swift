extension BackendDialect {
    /// Any server of the chat-completions API: what OpenAI's own reference has, and no more.
    public static let generic: BackendDialect = {
        var dialect = BackendDialect(name: "generic")
        dialect.understandsTopK = false
        dialect.formatsBesideTools = true
        dialect.maximumStops = 4
        return dialect
    }()
}
