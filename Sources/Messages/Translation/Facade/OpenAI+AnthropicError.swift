extension OpenAI.Failure {
    /// An error in the words of the Anthropic API as one of this API: the statuses are the same, but 529, which its clients do not know.
    public init(_ error: AnthropicError) {
        let isOverflow = error.message.hasPrefix("prompt is too long") || error.message.hasPrefix("input length and `max_tokens`")
        let status = error.kind == .overloaded ? 503 : error.status
        let type: String
        var code: String?
        switch error.kind {
        case .invalidRequest, .conflict, .requestTooLarge:
            type = "invalid_request_error"
            code = isOverflow ? "context_length_exceeded" : nil
        case .authentication:
            type = "authentication_error"
            code = "invalid_api_key"
        case .permission: type = "permission_error"
        case .notFound:
            type = "invalid_request_error"
            code = "not_found"
        case .billing:
            type = "insufficient_quota"
            code = "insufficient_quota"
        case .rateLimit:
            type = "rate_limit_error"
            code = "rate_limit_exceeded"
        case .api, .timeout, .overloaded: type = "server_error"
        }
        self.init(
            status: status, message: error.message, type: type, code: code, param: isOverflow ? "messages" : nil, retryAfter: error.retryAfter)
    }
}
