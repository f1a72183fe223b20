import HTTPTypes
import Hummingbird
import NIOCore

/// A response of server-sent events, each sent as soon as it is written (WHATWG HTML, section 9.2).
public enum ServerSentEvents {
    /// What goes with such a response, beside `others`.
    public static func fields(_ others: HTTPFields = [:]) -> HTTPFields {
        var headers = others
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-cache"
        // Reverse proxies would otherwise hold events back.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return headers
    }

    /// - Parameter stream: writes the events; the response ends when it returns, and is cut when it throws. Writing throws when
    ///   the client has gone.
    public static func response(
        headers: HTTPFields = [:], _ stream: @escaping @Sendable (_ writer: inout EventWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok, headers: fields(headers),
            body: ResponseBody { body in
                var writer = EventWriter(body: body)
                try await stream(&writer)
                try await writer.finish()
            })
    }

    public struct EventWriter {
        var body: any ResponseBodyWriter

        /// One event; `data` without line breaks.
        public mutating func event(_ name: String? = nil, data: [UInt8]) async throws {
            var buffer = ByteBuffer()
            if let name { buffer.writeString("event: \(name)\n") }
            buffer.writeString("data: ")
            buffer.writeBytes(data)
            buffer.writeString("\n\n")
            try await body.write(buffer)
        }

        /// A line that clients ignore and time-outs count.
        public mutating func comment(_ text: String) async throws { try await body.write(ByteBuffer(string: ": \(text)\n\n")) }

        /// Bytes that are events already.
        public mutating func raw(_ bytes: ByteBuffer) async throws { try await body.write(bytes) }

        /// For whoever is on the connection's event loop; nil where each write has to be waited for.
        public var immediate: ImmediateOutput? { (body as? any ImmediateBodyWriter)?.immediate }

        mutating func finish() async throws { try await body.finish(nil) }
    }
}
