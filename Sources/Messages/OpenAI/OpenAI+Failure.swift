import JSON

extension OpenAI {
    /// An error as this API reports it: `{"error": {"message", "type", "param", "code"}}`.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The HTTP status that goes with it.
        public var status: Int
        public var message: String
        public var type: String
        /// A word for programs, such as `context_length_exceeded`.
        public var code: String?
        /// The request member that is wrong.
        public var param: String?
        /// Seconds after which a retry may succeed (`retry-after`).
        public var retryAfter: Int?

        public init(status: Int, message: String, type: String, code: String? = nil, param: String? = nil, retryAfter: Int? = nil) {
            self.status = status
            self.message = message
            self.type = type
            self.code = code
            self.param = param
            self.retryAfter = retryAfter
        }

        public var description: String { message }

        public var json: JSON {
            [
                "error": [
                    "message": .string(message), "type": .string(type), "param": param.map(JSON.string) ?? .null,
                    "code": code.map(JSON.string) ?? .null,
                ]
            ]
        }
    }
}

extension OpenAI.Failure {
    /// What a server's error body says. Servers differ: `error` may be an object or a text, or there may be only `detail` or `message`.
    ///
    /// - Returns: nil where the body holds no error.
    public init?(_ body: JSON, status: Int) {
        let member = body["error"]?.unlessNull
        let error = member ?? body
        let message = error.stringValue ?? error["message"]?.stringValue ?? Self.refusals(error["detail"])
        guard let message = message ?? member?.objectValue.map({ String(JSON.object($0).text.prefix(400)) }) else { return nil }
        let code = error["code"]
        self.init(
            status: status, message: message + Self.cause(error["metadata"]?["raw"], besides: message),
            type: error["type"]?.stringValue ?? "server_error",
            code: code?.stringValue ?? code?.intValue.map(String.init), param: error["param"]?.stringValue)
    }

    /// The error that a server put in the place of an answer or of a chunk, under a status that said that all is well.
    init?(insteadOfAnswer json: JSON) {
        let isError = json["choices"] == nil && (json["object"] == "error" || json["detail"] != nil)
        guard isError || json["error"]?.unlessNull != nil else { return nil }
        self.init(json, status: 500)
    }

    /// What OpenRouter's provider said, which is why the request failed.
    private static func cause(_ raw: JSON?, besides message: String) -> String {
        guard let raw, let text = raw.stringValue ?? raw.objectValue.map({ JSON.object($0).text }), !text.isEmpty else { return "" }
        let said = (try? JSON(parsing: text)).flatMap { OpenAI.Failure($0, status: 500)?.message } ?? String(text.prefix(400))
        return message.contains(said) ? "" : ": " + said
    }

    /// FastAPI's `detail`: a text, or a list of what it refused.
    private static func refusals(_ detail: JSON?) -> String? {
        guard let list = detail?.arrayValue else { return detail?.stringValue }
        return list.compactMap { $0["msg"]?.stringValue }.joined(separator: "; ")
    }

    /// 400: the request itself is wrong, and a retry of it is too.
    public static func invalidRequest(_ message: String, param: String? = nil, code: String? = nil) -> Self {
        Self(status: 400, message: message, type: "invalid_request_error", code: code, param: param)
    }

    /// 400: prompt and window in numbers, so that a client can shorten it.
    public static func contextLengthExceeded(promptTokens: Int, window: Int) -> Self {
        .invalidRequest(
            "prompt has \(promptTokens) tokens, the context window is \(window)", param: "messages", code: "context_length_exceeded")
    }

    /// 404: no such model here.
    public static func modelNotFound(_ model: String, offered: [String]) -> Self {
        Self(
            status: 404, message: "the model `\(model)` is not served here; served: \(offered.joined(separator: ", "))",
            type: "invalid_request_error", code: "model_not_found", param: "model")
    }

    /// 429: all places of the queue are taken.
    public static func overloaded(_ message: String, retryAfter: Int) -> Self {
        Self(status: 429, message: message, type: "rate_limit_error", code: "queue_full", retryAfter: retryAfter)
    }

    /// 409: the prefix of that digest is not held (any more); the client sends the messages in full.
    public static func prefixUnknown(_ digest: String) -> Self {
        Self(
            status: 409, message: "no prefix of digest \(digest) is held; send the messages in full", type: "invalid_request_error",
            code: "prefix_unknown", param: "prefix")
    }

    /// 500: a fault of the server.
    public static func internalError(_ message: String) -> Self {
        Self(status: 500, message: message, type: "server_error", code: "internal_error")
    }

    /// 503: not able to answer at this time.
    public static func unavailable(_ message: String, code: String, retryAfter: Int) -> Self {
        Self(status: 503, message: message, type: "server_error", code: code, retryAfter: retryAfter)
    }
}
