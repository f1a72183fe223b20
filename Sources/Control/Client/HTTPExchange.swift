/// One request and its answer over a channel of its own.
public final class HTTPExchange {
    /// The largest answer that is kept whole: many times the largest plan with its provenance.
    public static let maximumBody = 64 << 20

    private let channel: any ByteChannel
    private var parser = HTTPResponseParser()
    private var pending: [HTTPResponseParser.Output] = []
    public private(set) var head = HTTPResponseParser.Head(status: 0, headers: [])
    private var ended = false

    /// Sends the request and waits for the answer's head.
    public init(_ request: HTTPRequest, host: String, over channel: any ByteChannel, by deadline: Deadline?) throws(ControlClientError) {
        self.channel = channel
        try channel.send(request.encoded(host: host), by: deadline)
        guard case .head(let head)? = try next(by: deadline) else { throw ControlClientError(.malformed, "the answer has no head") }
        self.head = head
    }

    public var descriptor: Int32? { channel.descriptor }

    /// The next part of the body; nil at its end.
    public func nextPart(by deadline: Deadline?) throws(ControlClientError) -> [UInt8]? {
        guard case .body(let bytes)? = try next(by: deadline) else { return nil }
        return bytes
    }

    /// The rest of the body.
    public func wholeBody(by deadline: Deadline?) throws(ControlClientError) -> [UInt8] {
        var body: [UInt8] = []
        while let part = try nextPart(by: deadline) {
            body += part
            guard body.count <= Self.maximumBody else { throw ControlClientError(.tooLarge, "the answer is larger than \(Self.maximumBody) bytes") }
        }
        return body
    }

    private func next(by deadline: Deadline?) throws(ControlClientError) -> HTTPResponseParser.Output? {
        while pending.isEmpty, !ended {
            let bytes = try channel.receive(by: deadline)
            pending = bytes.isEmpty ? try parser.finish() : try parser.feed(bytes)
        }
        guard !pending.isEmpty else { return nil }
        let output = pending.removeFirst()
        if output == .end { ended = true }
        return output
    }
}
