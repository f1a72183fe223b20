import LaunchPlan
import Testing

@testable import Proxy

/// The pure rules of the service: who is asked, who waits, who is asked again.
@Suite struct ServiceRuleTests {
    static let shares: [ProxySettings.Share] = [.init(to: "a", weight: 3), .init(to: "b", weight: 1), .init(to: "c", weight: 4)]

    private func counts(_ shares: [ProxySettings.Share]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for number in 0..<8000 { counts[TargetOrder.names(shares, fallback: [], affinity: "session-\(number)")[0], default: 0] += 1 }
        return counts
    }

    @Test func conversationsAreSharedByWeight() {
        let counts = counts(Self.shares)
        // Of 8000: five standard deviations.
        for (name, expected) in [("a", 3000), ("b", 1000), ("c", 4000)] { #expect(abs((counts[name] ?? 0) - expected) < 230, "\(counts)") }
    }

    @Test func aConversationStaysAndOnlyThoseOfALostBackendMove() {
        for number in 0..<2000 {
            let all = TargetOrder.names(Self.shares, fallback: ["z", "a"], affinity: "s\(number)/agent")
            #expect(all == TargetOrder.names(Self.shares.reversed(), fallback: ["z", "a"], affinity: "s\(number)/agent"), "the order says nothing")
            #expect(Set(all) == ["a", "b", "c", "z"] && all.count == 4 && all.last == "z")
            for lost in ["a", "b", "c"] where lost != all[0] {
                #expect(TargetOrder.names(Self.shares.filter { $0.to != lost }, fallback: [], affinity: "s\(number)/agent")[0] == all[0])
            }
        }
    }

    @Test func whoNamesNoConversationIsSharedTooAndOneBackendIsItself() {
        var seen: Set<String> = []
        for _ in 0..<500 { seen.insert(TargetOrder.names(Self.shares, fallback: [], affinity: nil)[0]) }
        #expect(seen == ["a", "b", "c"])
        #expect(TargetOrder.names([.init(to: "a")], fallback: ["b", "a", "b"], affinity: nil) == ["a", "b"])
    }

    // MARK: queue

    @Test func flowsTakeTurnsAndRanksGoFirstInTheirs() {
        var queue = FairQueue<String>()
        for number in 0..<4 { _ = queue.add("a\(number)", flow: "a", rank: 1) }
        _ = queue.add("a-main", flow: "a", rank: 0)
        let gone = queue.add("b0", flow: "b", rank: 2)
        _ = queue.add("c0", flow: "c", rank: 2)
        let removals = [queue.remove(gone), queue.remove(gone)]
        #expect(removals == [true, false] && queue.count == 6)
        var order: [String] = []
        while let next = queue.next() { order.append(next) }
        #expect(order == ["a-main", "c0", "a0", "a1", "a2", "a3"] && queue.isDrained)
    }

    @Test(arguments: 0..<100)
    func nobodyIsPassedOverNorLost(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var queue = FairQueue<Int>()
        var waiting: [Int: (flow: String, number: Int)] = [:]
        var flowOf: [Int: String] = [:]
        // By flow: how many of others were served since it began to wait.
        var passed: [String: [String: Int]] = [:]
        for number in 0..<600 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0, 1:
                let flow = "f\(Int.random(in: 0..<5, using: &random))"
                if !waiting.keys.contains(where: { flowOf[$0] == flow }) { passed[flow] = [:] }
                flowOf[number] = flow
                waiting[number] = queue.add(number, flow: flow, rank: Int.random(in: 0..<3, using: &random))
            default:
                if Bool.random(using: &random), let one = waiting.keys.sorted().first, let id = waiting.removeValue(forKey: one) {
                    let isRemoved = queue.remove(id)
                    #expect(isRemoved)
                } else if let next = queue.next() {
                    let id = waiting.removeValue(forKey: next)
                    #expect(id != nil, "served twice, or after it left")
                    let flow = flowOf[next] ?? ""
                    for other in Set(waiting.keys.compactMap { flowOf[$0] }) where other != flow {
                        passed[other, default: [:]][flow, default: 0] += 1
                        #expect(passed[other, default: [:]][flow, default: 0] <= 1, "\(flow) went before \(other) again and again")
                    }
                    passed[flow] = [:]
                }
            }
            #expect(queue.count == waiting.count)
        }
    }

    // MARK: retries

    private func pause(
        _ attempt: Int, _ failure: RetryPolicy.Failure, remaining: Duration = .seconds(60), hasOthers: Bool = false, chance: Double = 1
    ) -> Duration? {
        RetryPolicy(settings: .init(attempts: 3, initialMs: 500, maxMs: 8000)).pause(
            after: attempt, failure, remaining: remaining, hasOthers: hasOthers, chance: chance)
    }

    @Test func retriesAreFewAndWaitLonger() {
        #expect(pause(1, .refused) == .milliseconds(500) && pause(1, .refused, chance: 0) == .milliseconds(250))
        #expect(pause(2, .busy(status: 503, retryAfter: nil)) == .milliseconds(1000))
        #expect(pause(3, .refused) == nil)
        #expect(RetryPolicy(settings: .init(attempts: 1)).pause(after: 1, .refused, remaining: .seconds(9), hasOthers: false, chance: 0) == nil)
    }

    @Test func aWordOfTheBackendCounts() {
        #expect(pause(1, .busy(status: 429, retryAfter: nil)) == nil, "nobody said when")
        #expect(pause(1, .busy(status: 429, retryAfter: 3), chance: 0) == .seconds(3))
        #expect(pause(1, .busy(status: 529, retryAfter: 3)).map { $0 > .seconds(3) && $0 < .seconds(4) } == true)
        #expect(pause(1, .busy(status: 503, retryAfter: 9)) == nil, "longer than anybody waits here")
        #expect(pause(1, .busy(status: 503, retryAfter: 3), remaining: .seconds(2)) == nil)
        #expect(pause(1, .refused, remaining: .milliseconds(100)) == nil)
    }

    @Test func whereOthersCanBeAskedNobodyWaitsLong() {
        #expect(pause(1, .busy(status: 429, retryAfter: 3), hasOthers: true) == nil)
        #expect(pause(1, .refused, hasOthers: true) == .milliseconds(500))
        #expect(
            RetryPolicy(settings: .init(attempts: 3, initialMs: 5000)).pause(after: 1, .refused, remaining: .seconds(60), hasOthers: true, chance: 1)
                == nil)
    }

    // MARK: rates

    @Test func aBucketFillsUpAndMayBeOwed() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(perMinute: 60, at: start)
        #expect(bucket.pause(for: 60, at: start) == .zero)
        bucket.take(60, at: start)
        #expect(bucket.pause(for: 1, at: start) == .seconds(1))
        #expect(bucket.available(at: start + .seconds(600)) == 60, "no more than a minute's worth")
        bucket.take(90, at: start + .seconds(60))
        #expect(bucket.available(at: start + .seconds(60)) == -30 && bucket.pause(for: 1, at: start + .seconds(60)) == .seconds(31))
    }

    @Test func sessionsAreLimitedEachByItself() throws {
        let limits = RateLimits(.init(requestsPerMinute: 2, tokensPerMinute: 1000))
        let start = ContinuousClock.now
        let fields = try limits.admit("s", at: start)
        #expect(fields.value("anthropic-ratelimit-requests-limit") == "2" && fields.value("anthropic-ratelimit-requests-remaining") == "1")
        #expect(fields.value("anthropic-ratelimit-tokens-remaining") == "1000")
        let reset = try #require(fields.value("anthropic-ratelimit-requests-reset"))
        #expect(reset.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil, "\(reset)")
        _ = try limits.admit("s", at: start)
        let refused = #expect(throws: (any Error).self) { _ = try limits.admit("s", at: start) }
        #expect("\(refused.map { "\($0)" } ?? "")".contains("2 requests per minute"))
        _ = try limits.admit("other", at: start)
        _ = try limits.admit("s", at: start + .seconds(31))
        limits.charge("other", tokens: 1500, at: start)
        #expect(throws: (any Error).self) { _ = try limits.admit("other", at: start + .seconds(29)) }
        _ = try limits.admit("other", at: start + .seconds(31))
        #expect(try RateLimits(.init()).admit("s").isEmpty)
    }

    @Test func sessionsAreForgottenBeforeTheyAreTooMany() throws {
        let limits = RateLimits(.init(requestsPerMinute: 2))
        let start = ContinuousClock.now
        _ = try limits.admit("busy", at: start)
        _ = try limits.admit("busy", at: start)
        for number in 0..<(2 * RateLimits.maximumSessions) { _ = try limits.admit("s\(number)", at: start) }
        #expect(limits.remembered <= RateLimits.maximumSessions)
        #expect(throws: (any Error).self) { _ = try limits.admit("busy", at: start) }
    }
}

extension FairQueue {
    fileprivate var isDrained: Bool { count == 0 }
}
