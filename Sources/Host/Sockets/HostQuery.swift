import Glibc

/// One question to the system's resolver, asked on a thread of its own: whoever waits for the answer waits no longer than it wants to.
final class HostQuery: @unchecked Sendable {
    typealias Answer = Result<SocketAddress, OperationError>

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let answered = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var answer: Answer?

    init() {
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A clock that is set changes no wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(answered, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(answered)
        pthread_mutex_destroy(lock)
        answered.deallocate()
        lock.deallocate()
    }

    private final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Begins. Nobody waits for the thread's end: a resolver that never answers keeps it, and nothing else.
    func start(_ lookup: @escaping @Sendable () -> Answer) throws(OperationError) {
        let work = Unmanaged.passRetained(Work { self.finish(lookup()) })
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard result == 0 else {
            work.release()
            throw .system("cannot start a thread", errno: result)
        }
        pthread_detach(thread)
    }

    /// What was answered so far, or is within so many milliseconds from now; nil where nothing was.
    func wait(milliseconds: Int) -> Answer? {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = end.tv_nsec + max(milliseconds, 0) * 1_000_000
        end.tv_sec += nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while answer == nil, pthread_cond_timedwait(answered, lock, &end) == 0 {}
        return answer
    }

    private func finish(_ result: Answer) {
        pthread_mutex_lock(lock)
        answer = result
        pthread_cond_broadcast(answered)
        pthread_mutex_unlock(lock)
    }
}
