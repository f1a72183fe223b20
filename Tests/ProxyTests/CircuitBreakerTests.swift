import LaunchPlan
import Testing

@testable import Proxy

@Suite struct CircuitBreakerTests {
    static let start = ContinuousClock.now
    static func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private static func ticket(_ breaker: inout CircuitBreaker, at time: Int) throws -> CircuitBreaker.Ticket {
        guard case .admitted(let ticket) = breaker.admit(at: at(time)) else { throw AnthropicFree(time: time) }
        return ticket
    }
    private struct AnthropicFree: Error { var time: Int }

    @Test func failuresInARowOpenItAndOneRequestTriesIt() throws {
        var breaker = CircuitBreaker(.init(failures: 2, openMs: 100, maxOpenMs: 300))
        breaker.report(.failure, try Self.ticket(&breaker, at: 0), at: Self.at(0))
        breaker.report(.success, try Self.ticket(&breaker, at: 1), at: Self.at(1))
        breaker.report(.failure, try Self.ticket(&breaker, at: 2), at: Self.at(2))
        let late = try Self.ticket(&breaker, at: 2)
        #expect(breaker.state == .closed(failures: 1))
        breaker.report(.failure, try Self.ticket(&breaker, at: 3), at: Self.at(3))
        #expect(breaker.state == .open(until: Self.at(103), rounds: 1))
        #expect(breaker.admit(at: Self.at(50)) == .refused(after: .milliseconds(53)))
        // One that was let through before says nothing about the backend of now.
        breaker.report(.success, late, at: Self.at(60))
        #expect(breaker.state == .open(until: Self.at(103), rounds: 1))
        let trial = try Self.ticket(&breaker, at: 103)
        guard case .refused = breaker.admit(at: Self.at(104)) else {
            Issue.record("two tried it at once")
            return
        }
        breaker.report(.failure, trial, at: Self.at(110))
        #expect(breaker.state == .open(until: Self.at(310), rounds: 2))
        breaker.report(.failure, try Self.ticket(&breaker, at: 310), at: Self.at(310))
        #expect(breaker.state == .open(until: Self.at(610), rounds: 3), "at most maxOpenMs")
        breaker.report(.success, try Self.ticket(&breaker, at: 610), at: Self.at(611))
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test func aTrialThatWasGivenUpLeavesItsPlace() throws {
        var breaker = CircuitBreaker(.init(failures: 1, openMs: 10, maxOpenMs: 10))
        breaker.report(.failure, try Self.ticket(&breaker, at: 0), at: Self.at(0))
        let first = try Self.ticket(&breaker, at: 10)
        breaker.report(.unknown, first, at: Self.at(11))
        let second = try Self.ticket(&breaker, at: 11)
        // The first has reported.
        breaker.report(.failure, first, at: Self.at(12))
        breaker.report(.success, second, at: Self.at(12))
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test func oneThatIsOffLetsAllThrough() throws {
        var breaker = CircuitBreaker(.init(enabled: false, failures: 1))
        for time in 0..<50 { breaker.report(.failure, try Self.ticket(&breaker, at: time), at: Self.at(time)) }
        #expect(breaker.state == .closed(failures: 0))
    }

    /// Whatever is reported in whatever order, by whoever is still under way.
    @Test(arguments: 0..<200)
    func whateverHappensItGatesAndRecovers(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let settings = ProxySettings.Breaker(failures: Int.random(in: 1...4, using: &random), openMs: 50, maxOpenMs: 400)
        var breaker = CircuitBreaker(settings)
        var underWay: [(ticket: CircuitBreaker.Ticket, isTrial: Bool)] = []
        var now = 0
        for _ in 0..<400 {
            now += Int.random(in: 0...40, using: &random)
            let before = breaker.state
            if Bool.random(using: &random) {
                switch breaker.admit(at: Self.at(now)) {
                case .admitted(let ticket):
                    if case .open(let until, _) = before { #expect(Self.at(now) >= until, "an open one let a request through") }
                    if case .trial(isTaken: true, _) = before { Issue.record("two trials at once") }
                    if case .closed = breaker.state { underWay.append((ticket, false)) } else { underWay.append((ticket, true)) }
                case .refused(let pause):
                    #expect(pause > .zero && breaker.state == before)
                    if case .closed = before { Issue.record("a closed one refused") }
                }
            } else if !underWay.isEmpty {
                let one = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &random))
                let outcome: CircuitBreaker.Outcome = [.success, .failure, .failure, .unknown][Int.random(in: 0..<4, using: &random)]
                breaker.report(outcome, one.ticket, at: Self.at(now))
                if case .open(let until, let rounds) = breaker.state {
                    #expect(until <= max(Self.at(now) + .milliseconds(400), until) && rounds >= 1)
                }
            }
        }
        // Nobody is under way any more: it can always be tried, and a success closes it.
        for one in underWay { breaker.report(.unknown, one.ticket, at: Self.at(now)) }
        breaker.report(.success, try Self.ticket(&breaker, at: now + 400), at: Self.at(now + 400))
        #expect(breaker.state == .closed(failures: 0))
    }
}

/// Numbers by a seed, the same in each run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
