import Locking

/// Tells one that there is news: a task that waits for it, or a function that is called. News that nobody waits for is kept, once.
final class NewsSignal: Sendable {
    private enum State {
        case quiet
        case raised
        case waiting(CheckedContinuation<Bool, Never>)
        case followed(@Sendable () -> Void)
        case ended
    }
    private let state = Mutex(State.quiet)

    /// A task waits now.
    var isWaitedFor: Bool { state.withLock { if case .waiting = $0 { true } else { false } } }

    func raise() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            switch state {
            case .quiet: state = .raised
            case .waiting(let continuation):
                state = .quiet
                return { continuation.resume(returning: true) }
            case .followed(let call): return call
            case .raised, .ended: break
            }
            return nil
        }
        action?()
    }

    /// No more news.
    func end() {
        let last = state.withLock { state in
            defer { state = .ended }
            return state
        }
        if case .waiting(let continuation) = last { continuation.resume(returning: false) }
    }

    /// - Returns: false where no more comes, or the task is cancelled.
    func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Bool? in
                    switch state {
                    case .raised:
                        state = .quiet
                        return true
                    case .quiet where !Task.isCancelled:
                        state = .waiting(continuation)
                        return nil
                    default: return false
                    }
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard case .waiting(let continuation) = state else { return nil }
                state = .quiet
                return continuation
            }
            waiting?.resume(returning: false)
        }
    }

    /// Calls for each news from now on, on whatever thread it comes, and for what was kept.
    func follow(_ call: @escaping @Sendable () -> Void) {
        let isRaised = state.withLock { state in
            if case .ended = state { return false }
            defer { state = .followed(call) }
            if case .raised = state { return true }
            return false
        }
        if isRaised { call() }
    }
}
