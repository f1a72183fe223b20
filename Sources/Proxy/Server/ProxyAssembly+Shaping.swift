import Messages

extension ProxyAssembly {
    /// The request as the backend's model is to read it, and what was left out of it.
    func shaped(
        _ request: MessagesRequest, for backend: ResolvedBackend
    ) throws(AnthropicError) -> (request: MessagesRequest, report: ShapingReport) {
        let result = try backend.shaping.shape(request)
        metrics.countShaping(result.report, backend: backend.name)
        return result
    }
}
