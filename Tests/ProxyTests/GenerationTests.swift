import LaunchPlan
import Messages
import Testing

@testable import Proxy

@Suite(.timeLimit(.minutes(10))) struct GenerationTests {
    static let words: [MessageEvent] = [
        .messageStart(id: "msg_1", model: "m", usage: MessageUsage(input: 1)), .blockStart(index: 0, .text), .blockDelta(index: 0, .text("hi")),
        .blockStop(index: 0), .messageDelta(stop: .endTurn, stopSequence: nil, usage: MessageUsage(input: 1, output: 1)), .messageStop,
    ]

    static func all(_ listener: Listener) async -> [MessageEvent] {
        var all: [MessageEvent] = []
        while let events = await listener.next() { all += events }
        return all
    }

    @Test func everyListenerHearsEverythingWheneverHeComes() async {
        let generation = Generation()
        let early = generation.listen()
        async let first = Self.all(early)
        generation.publish(Array(Self.words[..<3]))
        let late = generation.listen()
        generation.publish(Array(Self.words[3...]))
        #expect(await first == Self.words)
        #expect(await Self.all(late) == Self.words)
        #expect(await Self.all(generation.listen()) == Self.words)
        #expect(generation.isComplete)
    }

    @Test func pingsBeforeAListenerCameAreNotForHim() async {
        let generation = Generation()
        generation.publish([.ping, .ping])
        let late = generation.listen()
        generation.publish([.ping] + Self.words)
        #expect(await Self.all(late) == [.ping] + Self.words)
    }

    @Test func nothingFollowsTheEnd() async {
        let generation = Generation()
        generation.publish(Self.words)
        generation.publish([.error(AnthropicError(.api, "late")), .ping])
        #expect(await Self.all(generation.listen()) == Self.words)
    }

    @Test func silenceEndsInATimeout() async {
        let generation = Generation()
        let listener = generation.listen()
        let limits = ProxySettings.Limits(firstByteTimeoutMs: 1000, idleTimeoutMs: 1000, pingMs: 10)
        generation.start(limits: limits) { _ in
            try await Task.sleep(for: .seconds(600))
        } atEnd: { _ in
        }
        let events = await Self.all(listener)
        #expect(events.contains(.ping))
        guard case .error(let error)? = events.last else {
            Issue.record("no error: \(events)")
            return
        }
        #expect(error.kind == .timeout)
    }

    /// A server may say that it has begun before it reads the prompt.
    @Test func thePrefillHasTheTimeToTheFirstWord() async {
        let generation = Generation()
        let listener = generation.listen()
        let begin = ContinuousClock.now
        generation.start(limits: ProxySettings.Limits(firstByteTimeoutMs: 200, idleTimeoutMs: 20, pingMs: 5)) { generation in
            generation.touch()
            generation.publish([Self.words[0]])
            try await Task.sleep(for: .seconds(600))
        } atEnd: { _ in
        }
        guard case .error(let error)? = await Self.all(listener).last else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timeout && begin.duration(to: .now) >= .milliseconds(200))
        #expect(generation.firstWord == nil)
    }

    @Test func anAnswerBeginsOnce() async {
        let generation = Generation()
        generation.publish([Self.words[0]])
        #expect(!generation.hasContent)
        generation.publish([.messageStart(id: "msg_2", model: "m", usage: MessageUsage())] + Self.words[1...])
        #expect(generation.hasContent && generation.firstWord != nil)
        #expect(await Self.all(generation.listen()) == Self.words)
    }

    @Test func nobodyJoinsWhatIsGivenUp() {
        let table = GenerationTable()
        guard case .new(let generation) = table.claim("k") else {
            Issue.record("the first claim is not new")
            return
        }
        #expect(generation.join() != nil)
        generation.cancel()
        #expect(generation.join() == nil)
        if case .new(let other) = table.claim("k") { #expect(other !== generation) } else { Issue.record("joined") }
    }

    @Test func whatIsOverIsNotGivenUp() {
        let generation = Generation()
        generation.publish(Self.words)
        generation.cancel()
        #expect(generation.join() != nil && !generation.isAbandoned)
    }

    @Test func givenUpBeforeItsBeginning() async {
        let generation = Generation()
        let listener = generation.listen()
        generation.cancel()
        generation.start(limits: ProxySettings.Limits()) { _ in
            try await Task.sleep(for: .seconds(600))
        } atEnd: { _ in
        }
        guard case .error(let error)? = await Self.all(listener).last else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .overloaded)
    }

    @Test func theEndIsNotCancelled() async {
        let generation = Generation()
        let (ends, end) = AsyncStream<Bool>.makeStream()
        generation.start(limits: ProxySettings.Limits()) { _ in
            try await Task.sleep(for: .seconds(600))
        } atEnd: { _ in
            end.yield(Task.isCancelled)
            end.finish()
        }
        generation.cancel()
        for await wasCancelled in ends { #expect(!wasCancelled) }
    }

    @Test func theWorkStopsWhenTheLastListenerHasGone() async {
        let generation = Generation(linger: .milliseconds(1))
        let (stopped, stop) = AsyncStream<Bool>.makeStream()
        var listener: Listener? = generation.listen()
        generation.start(limits: ProxySettings.Limits()) { _ in
            await withTaskCancellationHandler {
                try? await Task.sleep(for: .seconds(600))
            } onCancel: {
                stop.yield(true)
                stop.finish()
            }
        } atEnd: { _ in
        }
        #expect(listener != nil)
        listener = nil
        for await value in stopped { #expect(value) }
        #expect(!generation.isComplete)
    }

    @Test func claims() {
        let table = GenerationTable()
        guard case .new(let generation) = table.claim("k") else {
            Issue.record("the first claim is not new")
            return
        }
        if case .running(let other) = table.claim("k") { #expect(other === generation) } else { Issue.record("not joined") }
        generation.publish(Self.words)
        generation.markSettled()
        table.settle("k", generation)
        if case .undelivered(let other) = table.claim("k") { #expect(other === generation) } else { Issue.record("not replayed") }
        generation.markDelivered()
        if case .delivered = table.claim("k") {} else { Issue.record("not delivered") }
        table.settle("k", generation)
        if case .new(let other) = table.claim("k") { #expect(other !== generation) } else { Issue.record("a delivered answer is given twice") }
    }

    @Test func whoMayNotShareBeginsAnew() {
        let table = GenerationTable()
        guard case .new(let first) = table.claim("k"), case .new(let second) = table.claim("k", mayShare: false) else {
            Issue.record("an answer was shared")
            return
        }
        #expect(first !== second && table.running == 2)
        if case .running(let joined) = table.claim("k") { #expect(joined === second) } else { Issue.record("not joined") }
    }

    @Test func aFailedAnswerIsNotShared() {
        let table = GenerationTable()
        guard case .new(let generation) = table.claim("k") else {
            Issue.record("the first claim is not new")
            return
        }
        generation.publish([.error(AnthropicError(.api, "no"))])
        if case .new = table.claim("k") {} else { Issue.record("a failure was shared") }
    }
}

@Suite(.timeLimit(.minutes(10))) struct TurnstileTests {
    @Test func placesAreGivenInOrderAndBack() async throws {
        let turnstile = Turnstile(places: 1)
        var first: Turnstile.Place? = try await turnstile.enter()
        let second = Task { _ = try await turnstile.enter() }
        #expect(first != nil)
        first = nil
        try await second.value
        _ = try await turnstile.enter()
    }

    @Test func whoGivesUpTakesNoPlace() async throws {
        let turnstile = Turnstile(places: 1)
        var first: Turnstile.Place? = try await turnstile.enter()
        let gone = Task { try await turnstile.enter() }
        gone.cancel()
        await #expect(throws: CancellationError.self) { _ = try await gone.value }
        #expect(first != nil)
        first = nil
        _ = try await turnstile.enter()
    }
}
