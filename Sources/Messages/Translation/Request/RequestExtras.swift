import JSON

/// Members of a request to a server that come from the configuration, not from the client.
public struct RequestExtras: Sendable, Equatable {
    public var body: JSONObject
    /// An opaque name of the conversation, for servers that keep its requests together.
    public var session: String?

    public init(body: JSONObject = [:], session: String? = nil) {
        self.body = body
        self.session = session
    }

    /// Adds what the request does not say by itself; of two objects the members are put together.
    public func complete(_ request: inout JSONObject, for dialect: BackendDialect) {
        Self.complete(&request, with: body)
        if let key = dialect.sessionMember, let session, request[key] == nil { request[key] = .string(session) }
    }

    private static func complete(_ object: inout JSONObject, with more: JSONObject) {
        for member in more.members {
            switch (object[member.key], member.value) {
            case (nil, let value): object[member.key] = value
            case (.object(var own)?, .object(let others)):
                complete(&own, with: others)
                object[member.key] = .object(own)
            default: break
            }
        }
    }
}
