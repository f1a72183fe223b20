import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Writes a response straight to its connection's channel. A task waits where the client is behind; whoever is on the connection's event
/// loop may also write at once, without a task being resumed for each piece.
///
/// A response whose length is known goes out together, head and body; of a stream each write goes out as it is made.
struct ChannelBodyWriter: ImmediateBodyWriter {
    private let channel: any Channel
    private let isWhole: Bool
    private var held = 0
    /// Bytes that wait for what follows them.
    private static let maximumHeld = 64 << 10

    /// Writes the head; it goes out with the first bytes, or at the end of this turn of the event loop.
    init(_ channel: any Channel, head: HTTPResponse, isWhole: Bool) {
        self.channel = channel
        self.isWhole = isWhole
        channel.write(HTTPResponsePart.head(head), promise: nil)
        if !isWhole { channel.eventLoop.execute { channel.flush() } }
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        held += buffer.readableBytes
        guard !isWhole || held > Self.maximumHeld else { return channel.write(HTTPResponsePart.body(buffer), promise: nil) }
        held = 0
        try await send(.body(buffer))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await send(.end(trailingHeaders)) }

    var immediate: ImmediateOutput? { ImmediateOutput(channel: channel) }

    private func send(_ part: HTTPResponsePart) async throws {
        try Task.checkCancellation()
        guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
        guard !channel.isWritable else { return channel.writeAndFlush(part, promise: nil) }
        try await withTaskCancellationHandler {
            try await channel.writeAndFlush(part)
        } onCancel: {
            // Whoever is cancelled here has no client any more, or is told to end at once.
            channel.close(promise: nil)
        }
    }
}

/// A writer that can be written to without waiting.
public protocol ImmediateBodyWriter: ResponseBodyWriter {
    /// Nil where each write has to be waited for.
    var immediate: ImmediateOutput? { get }
}

/// A response's body on its connection's event loop.
public struct ImmediateOutput: Sendable {
    fileprivate let channel: any Channel
    private var notes: [@Sendable (ByteBuffer) -> Void] = []

    init(channel: any Channel) { self.channel = channel }

    public var eventLoop: any EventLoop { channel.eventLoop }

    /// The same, of which `note` hears what is written.
    public func noting(_ note: @escaping @Sendable (ByteBuffer) -> Void) -> ImmediateOutput {
        var output = self
        output.notes.append(note)
        return output
    }

    /// Sends it now.
    ///
    /// - Returns: nil where more may follow at once; where the client is behind, what completes when it has caught up, and fails when it
    ///   has gone.
    public func write(_ buffer: ByteBuffer) -> EventLoopFuture<Void>? {
        guard channel.isActive, channel.isWritable else { return writeLast(buffer) }
        for note in notes { note(buffer) }
        channel.writeAndFlush(HTTPResponsePart.body(buffer), promise: nil)
        return nil
    }

    /// Sends it now.
    ///
    /// - Returns: what completes when the system has taken all of it, and fails where the client has gone before.
    public func writeLast(_ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        guard channel.isActive else { return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        for note in notes { note(buffer) }
        return channel.writeAndFlush(HTTPResponsePart.body(buffer))
    }

    /// The same for a task: returns when the system has taken all of it.
    public func sendLast(_ buffer: ByteBuffer) async throws {
        try await withTaskCancellationHandler {
            try await writeLast(buffer).get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
