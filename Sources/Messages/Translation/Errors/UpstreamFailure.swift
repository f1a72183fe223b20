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
        var failure =
            json.flatMap { OpenAI.Failure($0, status: status) }
            ?? OpenAI.Failure(status: status, message: String(decoding: body.prefix(400), as: UTF8.self), type: "server_error")
        if failure.message.isEmpty { failure.message = "the model's server answered with status \(status)" }
        failure.retryAfter = retryAfter
        return error(failure, details: json?["error"], notFoundMayMeanFailure: dialect.notFoundMayMeanFailure)
    }

    /// An error in the place of a chunk or an answer, under a status that said that all is well.
    static func error(inStream failure: OpenAI.Failure) -> AnthropicError {
        var failure = failure
        failure.status = failure.code.flatMap { Int($0) } ?? status(ofWord: failure.code) ?? status(ofWord: failure.type) ?? failure.status
        return error(failure)
    }

    private static func error(_ failure: OpenAI.Failure, details: JSON? = nil, notFoundMayMeanFailure: Bool = false) -> AnthropicError {
        let message = failure.message
        if let overflow = ContextOverflow(message: message, codes: [failure.code, failure.type].compactMap { $0 }, details: details) {
            return overflow.error
        }
        switch meaning(of: failure) {
        case 401: return AnthropicError(.authentication, message, shouldRetry: false)
        case 402: return AnthropicError(.billing, message, shouldRetry: false)
        case 403: return AnthropicError(.permission, message, shouldRetry: false)
        case 404 where notFoundMayMeanFailure: return AnthropicError(.api, message)
        case 404: return AnthropicError(.notFound, message, shouldRetry: false)
        case 413: return AnthropicError(.requestTooLarge, message, shouldRetry: false)
        case 408, 504, 524: return AnthropicError(.timeout, message)
        case 429: return AnthropicError(.rateLimit, message, retryAfter: failure.retryAfter)
        case 502, 503, 521...523, 529: return AnthropicError(.overloaded, message, retryAfter: failure.retryAfter ?? 2)
        case 400...499: return .invalid(message)
        // The same request fails again where its template or its schemas are the reason.
        default: return AnthropicError(.api, message, shouldRetry: deterministic.contains(where: message.lowercased().contains) ? false : nil)
        }
    }

    private static let deterministic = ["template", "jinja", "grammar", "schema"]

    /// The status, unless a word says that it is another thing than its status says.
    private static func meaning(of failure: OpenAI.Failure) -> Int {
        switch failure.code ?? failure.type {
        case "insufficient_quota": 402
        case "model_not_found": 404
        default: failure.status
        }
    }

    /// The status that a word stands for where the wire has no number: OpenAI's types, and the codes of this project's worker.
    private static func status(ofWord word: String?) -> Int? {
        switch word {
        case "queue_full", "rate_limit_error", "rate_limit_exceeded": 429
        case "shutting_down", "model_not_ready": 503
        case "model_not_found", "not_found_error": 404
        case "authentication_error", "invalid_api_key": 401
        case "permission_error": 403
        case "insufficient_quota": 402
        case "overloaded_error": 529
        case "invalid_request_error", "BadRequestError": 400
        default: nil
        }
    }
}
