import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore

extension Request {
    /// Whose rules the body follows.
    var apiVersion: APIVersion { APIVersion(header: headers.value("anthropic-version")) }

    /// The collected body as JSON, and what its parts are known by.
    ///
    /// - Throws: 400 with line and column of what is wrong.
    func json(of body: ByteBuffer, _ prompts: PromptCache) throws(AnthropicError) -> (json: JSON, parts: BodyParts?) {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw .invalid("content-encoding `\(encoding)` is not accepted: send the body as it is")
        }
        do {
            return try body.withUnsafeReadableBytes { try prompts.read($0.assumingMemoryBound(to: UInt8.self)) }
        } catch {
            throw .invalid("the body is not JSON: \(error)")
        }
    }
}
