import JSON

/// One request of a client with all that it brought about: a line of a capture, as docs/CAPTURE.md describes it.
public struct RecordedExchange: Sendable, Equatable {
    public static let format = "anyclaude.exchange"
    public static let version = 1

    public struct Field: Sendable, Equatable {
        /// In lower case.
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public struct Request: Sendable, Equatable {
        public var method: String
        /// With its query; of a question to a model's server, the whole URL.
        public var target: String
        public var headers: [Field]
        public var body: [UInt8]

        public init(method: String, target: String, headers: [Field], body: [UInt8]) {
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
        }
    }

    public struct Part: Sendable, Equatable {
        /// Milliseconds since the client's request.
        public var time: Double
        public var bytes: [UInt8]

        public init(time: Double, bytes: [UInt8]) {
            self.time = time
            self.bytes = bytes
        }
    }

    public struct Response: Sendable, Equatable {
        public var status: Int
        public var headers: [Field]
        /// The body as it came or was sent.
        public var parts: [Part]

        public init(status: Int, headers: [Field], parts: [Part]) {
            self.status = status
            self.headers = headers
            self.parts = parts
        }

        public var body: [UInt8] { parts.flatMap(\.bytes) }
    }

    /// What was asked of a model's server.
    public struct Question: Sendable, Equatable {
        public var backend: String?
        /// Milliseconds since the client's request.
        public var time: Double
        public var request: Request
        /// Nil where none came.
        public var response: Response?
        /// Why there is no answer, or not all of it.
        public var failure: String?

        public init(backend: String?, time: Double, request: Request, response: Response?, failure: String?) {
            self.backend = backend
            self.time = time
            self.request = request
            self.response = response
            self.failure = failure
        }
    }

    public var id: String
    /// RFC 3339.
    public var time: String
    /// The backend's settings, without where it is and what opens it.
    public var backend: JSON?
    /// What the response cache did, as in `x-anyclaude-cache`.
    public var cache: String?
    /// Something did not fit.
    public var isTruncated: Bool
    /// The client left before it had all.
    public var wasLeft: Bool
    public var request: Request
    public var questions: [Question]
    /// Nil where the client left before it began.
    public var response: Response?

    public init(
        id: String, time: String, backend: JSON?, cache: String?, isTruncated: Bool, wasLeft: Bool, request: Request, questions: [Question],
        response: Response?
    ) {
        self.id = id
        self.time = time
        self.backend = backend
        self.cache = cache
        self.isTruncated = isTruncated
        self.wasLeft = wasLeft
        self.request = request
        self.questions = questions
        self.response = response
    }

    /// Why asking again would compare nothing; nil where it would.
    public var reasonNotToReplay: String? {
        if isTruncated { return "it was too large to be captured whole" }
        if wasLeft || response == nil { return "its client left before it had the answer" }
        if let cache, !["miss", "bypass"].contains(cache) { return "it was answered from another one's answer (\(cache))" }
        return nil
    }
}
