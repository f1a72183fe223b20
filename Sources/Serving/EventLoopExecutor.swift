import NIOCore
import NIOPosix

/// Runs a task's code on an event loop: what a connection waits for happens there, and each change of thread costs more than the work between.
///
/// Such code must not block, nor compute for long; `globalConcurrentExecutor` is for that.
public final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    public init(_ loop: any EventLoop) { self.loop = loop }

    /// That of the event loop which runs the caller; nil on any other thread.
    public static var current: EventLoopExecutor? { MultiThreadedEventLoopGroup.currentEventLoop.map(EventLoopExecutor.init) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
