import JSON

/// An error in the words of the Anthropic API: what clients decide upon when they retry, shrink a request or give up.
///
/// Shapes and types: the API's error page; which of them a client retries: facts on the client, section 4.
public struct AnthropicError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request_error"
        case authentication = "authentication_error"
        case billing = "billing_error"
        case permission = "permission_error"
        case notFound = "not_found_error"
        case conflict = "conflict_error"
        case requestTooLarge = "request_too_large"
        case rateLimit = "rate_limit_error"
        case api = "api_error"
        case timeout = "timeout_error"
        case overloaded = "overloaded_error"

        /// The HTTP status that goes with the type.
        public var status: Int {
            switch self {
            case .invalidRequest: 400
            case .authentication: 401
            case .billing: 402
            case .permission: 403
            case .notFound: 404
            case .conflict: 409
            case .requestTooLarge: 413
            case .rateLimit: 429
            case .api: 500
            case .timeout: 504
            case .overloaded: 529
            }
        }
    }

    public var kind: Kind
    public var message: String
    /// Seconds after which the same request may succeed (`retry-after`).
    public var retryAfter: Int?
    /// `x-should-retry`: false where the same request must fail again.
    public var shouldRetry: Bool?

    public init(_ kind: Kind, _ message: String, retryAfter: Int? = nil, shouldRetry: Bool? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
        self.shouldRetry = shouldRetry
    }

    /// A request that is wrong in itself: sending it again cannot help.
    public static func invalid(_ message: String) -> AnthropicError { AnthropicError(.invalidRequest, message, shouldRetry: false) }

    public var status: Int { kind.status }
    public var description: String { "\(kind.rawValue): \(message)" }

    /// The body of the error response, and the data of an `error` event.
    public func json(requestID: String? = nil) -> JSON {
        var body: JSONObject = ["type": "error", "error": ["type": .string(kind.rawValue), "message": .string(message)]]
        if let requestID { body["request_id"] = .string(requestID) }
        return .object(body)
    }
}
