import Control
import Host
import JSON
import NIOCore
import NIOHTTP1

/// The answer to one request: a document, or a stream of events. May be used from any thread, in order.
final class ControlReply: Sendable {
    private let channel: any Channel
    private let keepAlive: Bool

    init(channel: any Channel, keepAlive: Bool) {
        self.channel = channel
        self.keepAlive = keepAlive
    }

    func send(_ status: Int, _ document: JSON) {
        let bytes = Array(document.prettyText.utf8) + [0x0A]
        var headers = HTTPHeaders([("content-type", "application/json"), ("content-length", String(bytes.count))])
        if !keepAlive { headers.add(name: "connection", value: "close") }
        write(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)))
        write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
        end()
    }

    func send(_ value: some Encodable) {
        do throws(OperationError) {
            send(200, try encoded(value))
        } catch {
            fail(500, error.control)
        }
    }

    func fail(_ status: Int, _ error: ControlError) {
        send(
            status, .object(["message": .string(error.message), "hint": error.hint.map(JSON.string) ?? .null, "exit_code": .integer(error.exitCode)]))
    }

    /// - Parameter status: by the error's exit code: a precondition is a conflict.
    func fail(_ error: OperationError) {
        let status =
            switch error.exitCode {
            case 3: 409
            case 6, 78: 422
            case 64: 400
            case 66: 404
            case 77: 403
            default: 500
            }
        fail(status, error.control)
    }

    func beginEvents() {
        let headers = HTTPHeaders([("content-type", "text/event-stream"), ("cache-control", "no-store"), ("connection", "close")])
        write(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)))
        channel.flush()
    }

    /// A client that does not read is let go: what it would still get must not grow here.
    ///
    /// - Parameter isBounded: one of a number that the request itself bounds, and which may come faster than any client reads.
    func event(_ value: some Encodable, isBounded: Bool = false) {
        guard isBounded || channel.isWritable, let document = try? JSON(encoding: value) else {
            channel.close(promise: nil)
            return
        }
        write(.body(.byteBuffer(ByteBuffer(bytes: Array("data: ".utf8) + document.bytes + [0x0A, 0x0A]))))
        channel.flush()
    }

    func end() {
        let channel = channel
        let keepAlive = keepAlive
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
            if !keepAlive { channel.close(promise: nil) }
        }
    }

    /// The end of a stream of events, whose connection is not used again. Waits until the client's kernel has all of it.
    func endEvents() {
        let channel = channel
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }

    private func write(_ part: HTTPServerResponsePart) { channel.write(part, promise: nil) }
}

extension ControlReply: Hashable {
    static func == (left: ControlReply, right: ControlReply) -> Bool { left === right }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
