import CProcess
import Glibc
import Host
import Locking

/// Messages of other threads to the loop's thread, where `Receiver` lives.
final class Mailbox<Receiver>: Sendable {
    typealias Message = @Sendable (Receiver) -> Void

    private let messages = Mutex<[Message]>([])
    let descriptor: CInt

    init() throws(OperationError) {
        descriptor = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("cannot make an event descriptor", errno: errno) }
    }

    deinit { close(descriptor) }

    func post(_ message: @escaping Message) {
        messages.withLock { $0.append(message) }
        var one: UInt64 = 1
        // It fails only when the counter is full, and then the loop has been woken already.
        _ = write(descriptor, &one, 8)
    }

    func take() -> [Message] {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        return messages.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
