import CProcess
import Control
import Glibc
import Host
import JSON

/// The lines between the supervisor and one service that may ask where others are.
///
/// The service also holds the supervisor's end, unused: it lives through a crash of the supervisor, and the next one takes it back.
final class LeaseChannel {
    private let loop: EventLoop
    private var descriptor: CInt
    private let onRequest: (LeaseRequest) -> Void
    private let onClose: () -> Void
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []

    /// A line is a few dozen bytes; a service that sends or leaves more than this unread is not speaking the protocol.
    static let limit = 1 << 20

    /// - Parameter descriptor: the supervisor's end; owned.
    init(loop: EventLoop, descriptor: CInt, onRequest: @escaping (LeaseRequest) -> Void, onClose: @escaping () -> Void) throws(OperationError) {
        self.loop = loop
        self.descriptor = descriptor
        self.onRequest = onRequest
        self.onClose = onClose
        try loop.watch(descriptor, readable) { [unowned self] events in self.handle(events) }
    }

    func send(_ reply: LeaseReply) {
        guard descriptor >= 0, let line = try? JSON(encoding: reply).bytes else { return }
        unsent += line + [0x0A]
        flush()
    }

    func close() {
        guard descriptor >= 0 else { return }
        loop.unwatch(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }

    private func handle(_ events: UInt32) {
        if events & writable != 0 { flush() }
        guard events & ~writable != 0, descriptor >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return end() }
        received += chunk[..<count]
        guard received.count <= Self.limit else { return end() }
        while let line = received.firstIndex(of: 0x0A) {
            let text = Array(received[..<line])
            received.removeSubrange(...line)
            guard let request = try? JSON(parsing: text).decode(LeaseRequest.self) else { return end() }
            onRequest(request)
            // The answer may have ended the channel.
            guard descriptor >= 0 else { return }
        }
    }

    private func flush() {
        guard descriptor >= 0 else { return }
        while !unsent.isEmpty {
            let sent = Glibc.send(descriptor, unsent, unsent.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            if sent < 0, errno == EINTR { continue }
            if sent < 0, errno != EAGAIN { return end() }
            guard sent > 0 else { break }
            unsent.removeFirst(sent)
        }
        guard unsent.count <= Self.limit else { return end() }
        loop.rewatch(descriptor, unsent.isEmpty ? readable : readable | writable)
    }

    private func end() {
        close()
        onClose()
    }
}
