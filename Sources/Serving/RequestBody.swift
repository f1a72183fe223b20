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
