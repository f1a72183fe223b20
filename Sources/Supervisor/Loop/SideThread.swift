import Glibc
import Host

/// A thread for one piece of work that may block, which the loop's thread must not.
enum SideThread {
    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Nobody waits for it: it says by a `Mailbox` that it is done, and ends with the process.
    static func run(_ work: @escaping @Sendable () -> Void) throws(OperationError) {
        let context = Unmanaged.passRetained(Work(work))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .system("cannot start a thread", errno: code)
        }
        pthread_detach(thread)
    }
}
