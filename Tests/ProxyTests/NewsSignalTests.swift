import Locking
import Testing

@testable import Proxy

@Suite(.timeLimit(.minutes(10))) struct NewsSignalTests {
    @Test func newsThatNobodyWaitsForIsKeptOnce() async {
        let signal = NewsSignal()
        signal.raise()
        signal.raise()
        #expect(await signal.wait())
        signal.end()
        #expect(await signal.wait() == false)
    }

    @Test func whoWaitsIsTold() async throws {
        let signal = NewsSignal()
        async let told = signal.wait()
        try await eventually { signal.isWaitedFor }
        signal.raise()
        #expect(await told)
    }

    @Test func theEndAndACancellationAreTold() async throws {
        let signal = NewsSignal()
        let waiting = Task { await signal.wait() }
        try await eventually { signal.isWaitedFor }
        waiting.cancel()
        #expect(await waiting.value == false)
        // A cancelled task never waits.
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await signal.wait()
        }
        #expect(await late.value == false)
        async let last = signal.wait()
        try await eventually { signal.isWaitedFor }
        signal.end()
        #expect(await last == false)
    }

    @Test func whoFollowsHearsWhatWasKeptAndAllThatComes() {
        let signal = NewsSignal()
        let count = Mutex(0)
        signal.raise()
        signal.follow { count.withLock { $0 += 1 } }
        signal.raise()
        signal.raise()
        signal.end()
        signal.raise()
        #expect(count.withLock { $0 } == 3)
    }
}
