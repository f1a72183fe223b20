import JSON

/// What an upstream's failure is in the Anthropic API's words, so that the client reacts to it rightly.
///
/// Wording matters: clients match `prompt is too long: N tokens > M maximum` and `input length and `max_tokens` exceed context
/// limit: A + B > C` to shrink their requests (facts on the client, section 4).
public enum UpstreamFailure {
    /// - Parameters:
    ///   - body: the response's body, JSON or not; bounded by the caller.
    ///   - retryAfter: seconds, from the response's header.
    public static func error(status: Int, body: [UInt8], retryAfter: Int? = nil, dialect: BackendDialect) -> AnthropicError {
        let json = try? JSON(parsing: body)
        let failure = json.flatMap { OpenAI.Failure($0, status: status) }
        let text = failure?.message ?? json.flatMap(refusals) ?? String(decoding: body.prefix(400), as: UTF8.self)
        let message = text.isEmpty ? "the model's server answered with status \(status)" : text
        if let overflow = ContextOverflow(message: message, code: failure?.code ?? failure?.type, details: json?["error"]) { return overflow.error }
        switch status {
        case 400, 422: return .invalid(message)
        case 401: return AnthropicError(.authentication, message, shouldRetry: false)
        case 402: return AnthropicError(.billing, message, shouldRetry: false)
        case 403: return AnthropicError(.permission, message, shouldRetry: false)
        case 404 where dialect.notFoundMayMeanFailure: return AnthropicError(.api, message)
        case 404: return AnthropicError(.notFound, message, shouldRetry: false)
        case 413: return AnthropicError(.requestTooLarge, message, shouldRetry: false)
        case 408, 504: return AnthropicError(.timeout, message)
        case 429: return AnthropicError(.rateLimit, message, retryAfter: retryAfter)
        case 502, 503, 529: return AnthropicError(.overloaded, message, retryAfter: retryAfter ?? 2)
        case 405...499: return .invalid(message)
        default: return AnthropicError(.api, message)
        }
    }

    /// An error in the place of a chunk, in a stream that began well.
    static func error(inStream failure: OpenAI.Failure) -> AnthropicError {
        if let overflow = ContextOverflow(message: failure.message, code: failure.code ?? failure.type, details: nil) { return overflow.error }
        switch failure.code.flatMap({ Int($0) }) ?? failure.status {
        case 400: return .invalid(failure.message)
        case 402: return AnthropicError(.billing, failure.message)
        case 429: return AnthropicError(.rateLimit, failure.message)
        case 502 where failure.code != nil, 503, 529: return AnthropicError(.overloaded, failure.message)
        default: return AnthropicError(.api, failure.message)
        }
    }

    /// FastAPI's list of what it refused, in `detail`.
    private static func refusals(in json: JSON) -> String? {
        guard let list = json["detail"]?.arrayValue else { return json["detail"]?.stringValue }
        return list.compactMap { $0["msg"]?.stringValue }.joined(separator: "; ")
    }
}
