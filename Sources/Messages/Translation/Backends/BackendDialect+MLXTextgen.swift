extension BackendDialect {
    /// MLX-Textgen 0.2: one assistant message has text or calls, never both; images fail on text models.
    public static let mlxTextgen: BackendDialect = {
        var dialect = BackendDialect(name: "mlx-textgen")
        dialect.images = nil
        dialect.responseFormat = .bareSchema
        dialect.separatesContentFromToolCalls = true
        dialect.understandsParallelToolCalls = false
        dialect.understandsTopK = false
        // It generates on its event loop: a second request would stop even its health checks.
        dialect.maximumConcurrent = 1
        dialect.samplingNames = .engine(repetition: "repetition_penalty")
        return dialect
    }()
}
