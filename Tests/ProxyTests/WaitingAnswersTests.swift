import Testing

@testable import Proxy

@Suite struct WaitingAnswersTests {
    private let begin = ContinuousClock.now

    @Test func theOldestGoesWhenItsTimeIsOver() {
        var waiting = WaitingAnswers(keep: .seconds(10), maximumBytes: 100)
        waiting.add("a", bytes: 10, end: begin)
        waiting.add("b", bytes: 10, end: begin + .seconds(5))
        #expect(waiting.shrink(begin + .seconds(10)).isEmpty)
        #expect(waiting.shrink(begin + .seconds(11)) == ["a"] && waiting.bytes == 10)
        #expect(waiting.shrink(begin + .seconds(16)) == ["b"] && waiting.bytes == 0 && waiting.count == 0)
    }

    @Test func tooManyBytesCostTheOldest() {
        var waiting = WaitingAnswers(keep: .seconds(10), maximumBytes: 25)
        for key in ["a", "b", "c"] { waiting.add(key, bytes: 10, end: begin) }
        #expect(waiting.shrink(begin) == ["a"])
        waiting.forget("b")
        waiting.add("d", bytes: 15, end: begin)
        #expect(waiting.bytes == 25 && waiting.shrink(begin).isEmpty)
        waiting.add("large", bytes: 1000, end: begin)
        #expect(waiting.shrink(begin) == ["c", "d"] && waiting.bytes == 1000, "who has just gone may come back")
    }

    /// One that was forgotten and waits again is as old as its last answer.
    @Test func aKeyThatComesAgainIsNew() {
        var waiting = WaitingAnswers(keep: .seconds(10), maximumBytes: 100)
        waiting.add("a", bytes: 10, end: begin)
        waiting.forget("a")
        waiting.add("a", bytes: 20, end: begin + .seconds(8))
        waiting.add("a", bytes: 99, end: begin + .seconds(8))
        #expect(waiting.shrink(begin + .seconds(12)).isEmpty && waiting.bytes == 20)
        #expect(waiting.shrink(begin + .seconds(19)) == ["a"])
    }

    @Test func whatIsForgottenTakesNoRoom() {
        var waiting = WaitingAnswers(keep: .seconds(10), maximumBytes: 1000)
        for number in 0..<10_000 {
            waiting.add("\(number)", bytes: 1, end: begin)
            waiting.forget("\(number)")
            #expect(waiting.shrink(begin).isEmpty)
        }
        #expect(waiting.count == 0 && waiting.bytes == 0)
        for number in 0..<3000 { waiting.add("\(number)", bytes: 1, end: begin) }
        #expect(waiting.shrink(begin).count == 2000 && waiting.count == 1000)
    }
}
