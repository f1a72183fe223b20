#if THREAD_SANITIZER
    import Glibc

    /// The stand-in for the standard library's mutex in `make tsan`, on a lock of pthread's.
    ///
    /// ThreadSanitizer sees what the standard library's mutex does while it is free, as that is inlined, but not the waiting for a
    /// taken one, which is inside the library: every contended use would be reported as a race.
    public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        private let value: UnsafeMutablePointer<Value>
        private let lock: UnsafeMutablePointer<pthread_mutex_t>

        public init(_ initialValue: consuming sending Value) {
            value = .allocate(capacity: 1)
            value.initialize(to: initialValue)
            lock = .allocate(capacity: 1)
            pthread_mutex_init(lock, nil)
        }

        deinit {
            pthread_mutex_destroy(lock)
            lock.deallocate()
            value.deinitialize(count: 1)
            value.deallocate()
        }

        public borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(lock)
            defer { pthread_mutex_unlock(lock) }
            return try body(&value.pointee)
        }
    }
#else
    import Synchronization

    /// The standard library's mutex.
    public typealias Mutex<Value: ~Copyable> = Synchronization.Mutex<Value>
#endif
