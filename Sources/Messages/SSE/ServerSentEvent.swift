/// One event of a `text/event-stream` (WHATWG HTML, section 9.2.6).
public struct ServerSentEvent: Sendable, Equatable {
    /// `message` where the stream names none.
    public var name: String
    /// The data lines, joined by LF; UTF-8 as received.
    public var data: [UInt8]

    public init(name: String = "message", data: [UInt8]) {
        self.name = name
        self.data = data
    }
}

/// Why a stream cannot be read on.
public struct SSEError: Error, Sendable, Equatable, CustomStringConvertible {
    public var message: String
    public var description: String { message }
}
