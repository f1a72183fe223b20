import JSON

/// Requests to one of our servers. Each has a connection of its own and a bound on its wait.
public struct HTTPClient {
    /// For the `host` header and for messages.
    public var host: String
    private let connect: (Deadline) throws(ControlClientError) -> any ByteChannel

    public init(host: String, connect: @escaping (Deadline) throws(ControlClientError) -> any ByteChannel) {
        self.host = host
        self.connect = connect
    }

    /// - Parameter unixSocket: the path of the socket.
    public init(unixSocket: String) {
        self.init(host: "anyclaude") { (deadline) throws(ControlClientError) in try SocketChannel.unix(path: unixSocket, by: deadline) }
    }

    public init(host: String, port: Int) {
        self.init(host: "\(host):\(port)") { (deadline) throws(ControlClientError) in try SocketChannel.tcp(host: host, port: port, by: deadline) }
    }

    /// The answer's status and whole body, whatever the status is.
    public func answer(to request: HTTPRequest, by deadline: Deadline) throws(ControlClientError) -> (status: Int, body: [UInt8]) {
        let exchange = try HTTPExchange(request, host: host, over: try connect(deadline), by: deadline)
        return (exchange.head.status, try exchange.wholeBody(by: deadline))
    }

    /// The answer's document.
    ///
    /// - Throws: `refused` for a status of 400 or more.
    public func document(_ request: HTTPRequest, by deadline: Deadline) throws(ControlClientError) -> JSON {
        let exchange = try HTTPExchange(request, host: host, over: try connect(deadline), by: deadline)
        try Self.checkStatus(exchange, by: deadline)
        return try Self.parse(try exchange.wholeBody(by: deadline))
    }

    /// The answer's events.
    ///
    /// - Parameter deadline: for the answer's head alone.
    /// - Throws: `refused` for a status of 400 or more.
    public func events(_ request: HTTPRequest, by deadline: Deadline) throws(ControlClientError) -> EventStream {
        var request = request
        request.headers["accept"] = "text/event-stream"
        let exchange = try HTTPExchange(request, host: host, over: try connect(deadline), by: deadline)
        try Self.checkStatus(exchange, by: deadline)
        let type = exchange.head["content-type"] ?? ""
        guard type.hasPrefix("text/event-stream") else {
            throw ControlClientError(.malformed, "the answer to \(request.path) is \(type.isEmpty ? "of no type" : type), not a stream of events")
        }
        return EventStream(exchange)
    }

    private static func checkStatus(_ exchange: HTTPExchange, by deadline: Deadline) throws(ControlClientError) {
        let status = exchange.head.status
        guard status >= 400 else { return }
        let body = try exchange.wholeBody(by: deadline)
        let document = (try? JSON(parsing: body)) ?? .null
        if let error: ControlError = try? document.decode() {
            throw ControlClientError(.refused(status: status), error.message, hint: error.hint, exitCode: error.exitCode)
        }
        // The Anthropic and OpenAI shapes of the proxy and the workers.
        let text = document["error"]?["message"]?.stringValue ?? String(decoding: body.prefix(300), as: UTF8.self)
        throw ControlClientError(
            .refused(status: status), "the server answered \(status)\(text.isEmpty ? "" : ": \(text)")",
            exitCode: [401, 403].contains(status) ? 77 : 74)
    }

    static func parse(_ body: [UInt8]) throws(ControlClientError) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: body)
        } catch {
            throw ControlClientError(.malformed, "the answer is not JSON: \(error)")
        }
    }
}
