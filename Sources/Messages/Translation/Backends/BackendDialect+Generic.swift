extension BackendDialect {
    /// Any server of the chat-completions API: only what all of them understand.
    public static let generic: BackendDialect = {
        var dialect = BackendDialect(name: "generic")
        dialect.understandsTopK = false
        return dialect
    }()
}
