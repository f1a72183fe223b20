import CKernels
import Glibc

/// A thread of our own, for work that blocks.
final class WorkerThread: @unchecked Sendable {
    private var handle = pthread_t()
    private var isJoined = false

    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// `name` has at most 15 bytes; tools show it.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(RuntimeError) {
        let context = Unmanaged.passRetained(Body(name, body))
        let result = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw RuntimeError("cannot start a thread: \(String(cString: strerror(result)))", hint: "raise the limit on processes")
        }
    }

    /// A thread that nobody waits for goes on alone.
    deinit { if !isJoined { pthread_detach(handle) } }

    /// Returns when the thread has ended. Once, by the owner.
    func join() {
        isJoined = true
        pthread_join(handle, nil)
    }
}

extension WorkerThread {
    /// The result of `work`, which computes for long or blocks: done on a thread of its own, because those of the concurrency runtime
    /// are as few as the cores, and health probes wait for them too.
    static func result<Value: Sendable>(_ name: String, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do throws(RuntimeError) {
                _ = try WorkerThread(name: name) { continuation.resume(with: Result(catching: work)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

/// Wakes a thread that waits for work. Raised while nobody waits, the next wait returns at once.
final class Signal: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
        clear()
    }

    /// As `wait`, and returns after `limit` at the latest.
    func wait(atMost limit: Duration) {
        let (seconds, attoseconds) = min(max(limit, .zero), .seconds(86_400)).components
        _ = ck_semaphore_wait(semaphore, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        clear()
    }

    /// One wake serves for all that was raised until now.
    private func clear() { while sem_trywait(semaphore) == 0 {} }
}
