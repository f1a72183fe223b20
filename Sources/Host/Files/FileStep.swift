import Glibc

/// One change of the file system that a crash can come before. What writes files that the next supervisor reads makes it with
/// `FileCalls`, which announce each step to whoever watches: a test that ends the process there, or that keeps the order of all steps
/// and looks at what each beginning of it leaves.
package enum FileStep: Sendable, Equatable {
    /// A regular file is there and empty.
    case create(String)
    /// Bytes at the end of a file, which is made where it is not there.
    case append(String, [UInt8])
    /// The file's bytes are on the disk; not its name.
    case sync(String)
    case rename(String, to: String)
    case link(String, to: String)
    case remove(String)
    case makeFolder(String)
    case removeFolder(String)
    /// The names in the folder are on the disk.
    case syncFolder(String)

    /// Tells `observer` of each step that `body` makes on this thread, before it is made.
    package static func watched<Result, Failure: Error>(
        by observer: @escaping (FileStep) -> Void, during body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let watcher = Watcher(observer)
        let earlier = pthread_getspecific(key)
        pthread_setspecific(key, Unmanaged.passUnretained(watcher).toOpaque())
        defer {
            pthread_setspecific(key, earlier)
            withExtendedLifetime(watcher) {}
        }
        return try body()
    }

    /// Where nobody watches it costs one look.
    static func announce(_ step: @autoclosure () -> FileStep) {
        guard let watcher = pthread_getspecific(key) else { return }
        Unmanaged<Watcher>.fromOpaque(watcher).takeUnretainedValue().observer(step())
    }

    private final class Watcher {
        let observer: (FileStep) -> Void
        init(_ observer: @escaping (FileStep) -> Void) { self.observer = observer }
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "there are fewer thread-specific keys than a process may have")
        return key
    }()
}
