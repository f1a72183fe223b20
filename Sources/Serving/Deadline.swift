import NIOCore
import NIOPosix
import Synchronization

/// What `work` returns; where that takes longer than `limit` the work is cancelled, and `error` is thrown. On an event loop it costs next to
/// nothing, where a sleeping task is a timer that outlives its cancellation.
public func withDeadline<Value: Sendable>(
    _ limit: Duration, orThrow error: @autoclosure () -> any Error, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
    let isLate = Late()
    let working = Task(executorPreference: EventLoopExecutor.current) { try await work() }
    let timer = loop.scheduleTask(in: TimeAmount(limit)) {
        isLate.flag.store(true, ordering: .relaxed)
        working.cancel()
    }
    defer { timer.cancel() }
    do {
        return try await withTaskCancellationHandler {
            try await working.value
        } onCancel: {
            working.cancel()
        }
    } catch let failure {
        throw isLate.flag.load(ordering: .relaxed) ? error() : failure
    }
}

private final class Late: Sendable { let flag = Atomic(false) }
