import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore

extension Request {
    /// Whose rules the body follows.
    var apiVersion: APIVersion { APIVersion(header: headers.value("anthropic-version")) }

    /// The collected body as JSON.
    ///
    /// - Throws: 400 with line and column of what is wrong.
    func json(of body: ByteBuffer) throws(AnthropicError) -> JSON {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw .invalid("content-encoding `\(encoding)` is not accepted: send the body as it is")
        }
        do {
            return try JSON(parsing: Array(body.readableBytesView))
        } catch {
            throw .invalid("the body is not JSON: \(error)")
        }
    }
}
