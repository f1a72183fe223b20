import Control
import Dispatch
import LaunchPlan
import Locking
import Messages
import Testing

@testable import Proxy

@Suite(.timeLimit(.minutes(10))) struct LeaseTests {
    static let here = LeaseEndpoint.tcp(host: "127.0.0.1", port: 1)

    /// A supervisor that is away reads nothing: the socket's buffer fills, and nobody may wait for it.
    @Test func nobodyWaitsForASupervisorThatReadsNothing() {
        let blocked = DispatchSemaphore(value: 0)
        let outbox = LeaseOutbox { _ in
            blocked.wait()
            return true
        }
        for id in 1...1000 {
            #expect(outbox.add(LeaseRequest(id: id, operation: .acquire, service: "w")))
            #expect(outbox.add(LeaseRequest(id: id, operation: .release, service: "w")))
        }
        #expect(outbox.count <= 1)
        outbox.close()
        #expect(!outbox.add(LeaseRequest(id: 1, operation: .acquire, service: "w")))
        for _ in 0..<4 { blocked.signal() }
    }

    @Test func linesGoOutInOrder() async {
        let (lines, line) = AsyncStream<Int>.makeStream()
        let outbox = LeaseOutbox { request in
            line.yield(request.operation == .acquire ? request.id : -request.id)
            if request.id == 3, request.operation == .release { line.finish() }
            return true
        }
        for id in 1...3 { _ = outbox.add(LeaseRequest(id: id, operation: .acquire, service: "w")) }
        var seen: [Int] = []
        var iterator = lines.makeAsyncIterator()
        while seen.count < 3, let next = await iterator.next() { seen.append(next) }
        for id in 1...3 { _ = outbox.add(LeaseRequest(id: id, operation: .release, service: "w")) }
        while let next = await iterator.next() { seen.append(next) }
        #expect(seen == [1, 2, 3, -1, -2, -3])
    }

    @Test func aConnectionThatEndedIsNotWrittenTo() async throws {
        let outbox = LeaseOutbox { _ in false }
        _ = outbox.add(LeaseRequest(id: 1, operation: .acquire, service: "w"))
        try await eventually { !outbox.add(LeaseRequest(id: 2, operation: .acquire, service: "w")) }
    }

    @Test func aWaitThatEndsLeavesNothingBehind() async throws {
        let shared = Lease.Shared(service: "w")
        let lease = Lease(shared, presence: SupervisorPresence(), last: { nil }, release: { _ in })
        shared.set(LeaseReply(id: 1, state: .ready, endpoint: Self.here))
        try await lease.news()
        #expect(shared.waiters == 0)
        #expect(try await lease.endpoint() == Self.here)
    }

    @Test func patienceEnds() async throws {
        let lease = Lease(Lease.Shared(service: "w"), presence: SupervisorPresence(), last: { nil }, release: { _ in })
        #expect(try await lease.endpoint(within: .milliseconds(5)) == nil)
    }

    @Test func oneWaitFindsOutThatTheSupervisorIsAway() async throws {
        let presence = SupervisorPresence()
        let first = Lease(Lease.Shared(service: "w"), presence: presence, last: { Self.here }, release: { _ in })
        #expect(try await first.endpoint() == Self.here)
        #expect(presence.isAway)
        // A hundred that waited half a second each would be noticed.
        for _ in 0..<100 {
            let next = Lease(Lease.Shared(service: "w"), presence: presence, last: { Self.here }, release: { _ in })
            #expect(try await next.endpoint() == Self.here)
        }
    }

    @Test func aServiceThatIsGivenUpIsAnError() async throws {
        let shared = Lease.Shared(service: "w")
        let lease = Lease(shared, presence: SupervisorPresence(), last: { Self.here }, release: { _ in })
        shared.set(LeaseReply(id: 1, state: .failed, message: "no model"))
        let error = await #expect(throws: AnthropicError.self) { _ = try await lease.endpoint() }
        #expect(error?.kind == .overloaded && error?.message.contains("no model") == true)
    }

    @Test func aLeaseThatIsLetGoIsReleased() {
        let released = Mutex<LeaseRequest.Outcome?>(nil)
        var lease: Lease? = Lease(
            Lease.Shared(service: "w"), presence: SupervisorPresence(), last: { nil }, release: { outcome in released.withLock { $0 = outcome } })
        lease?.note(.failed)
        lease?.note(.answered)
        lease = nil
        #expect(released.withLock { $0 } == .answered)
    }
}
