import Hummingbird
import NIOCore

extension Request {
    /// The whole body, up to `limit` bytes; nil when it is larger. A declared length is believed before a byte is read.
    public func collectedBody(upTo limit: Int) async throws -> ByteBuffer? {
        if let declared = headers[.contentLength].flatMap({ Int($0) }), declared > limit { return nil }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            return nil
        }
    }
}

extension Request {
    /// Runs `operation` and cancels it when the client goes away, even while nothing is written. For a request whose body was
    /// collected; the connection is closed after the response, which should say so (`connection: close`).
    ///
    /// Hummingbird's own watch waits for the end of the body, which a collected one has behind it already, and traps when the
    /// client goes first: so the watch is given an empty body in its place, which does end.
    public func cancelledWhenClientLeaves<Value: Sendable>(_ operation: () async throws -> Value) async throws -> Value {
        var watched = self
        watched.body = RequestBody(buffer: ByteBuffer())
        return try await watched.body.consumeWithCancellationOnInboundClose { _ in try await operation() }
    }
}
