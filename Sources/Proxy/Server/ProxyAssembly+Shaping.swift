import Messages

extension ProxyAssembly {
    /// The request as the backend's model is to read it.
    func shaped(_ request: MessagesRequest, for backend: ResolvedBackend) throws(AnthropicError) -> MessagesRequest {
        guard !backend.shaping.isOff else { return request }
        let (shaped, report) = try backend.shaping.shape(request)
        metrics.countShaping(report, backend: backend.name)
        return shaped
    }
}
