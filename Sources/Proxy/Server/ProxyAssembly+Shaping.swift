import Messages

extension ProxyAssembly {
    /// The request as the backend's model is to read it, and what became of it.
    func shaped(
        _ request: MessagesRequest, for backend: ResolvedBackend
    ) throws(AnthropicError) -> (request: MessagesRequest, report: ShapingReport) {
        guard !backend.shaping.isOff else { return (request, ShapingReport()) }
        let (shaped, report) = try backend.shaping.shape(request)
        metrics.countShaping(report, backend: backend.name)
        return (shaped, report)
    }
}
