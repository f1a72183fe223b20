import Testing

@testable import Messages

@Suite struct TokenMarksTests {
    @Test func whatWasCountedIsExact() {
        var marks = TokenMarks()
        #expect(marks.tokens(at: 10) == nil)
        marks.add(tokens: 100, at: 400)
        marks.add(tokens: 300, at: 1000)
        #expect(marks.tokens(at: 400) == .init(tokens: 100, least: 100, most: 100))
        #expect(marks.tokens(at: 700) == .init(tokens: 200, least: 100, most: 300))
        #expect(marks.tokens(at: 0) == .init(tokens: 0, least: 0, most: 0))
        #expect(marks.tokens(at: 1001) == nil)
    }

    @Test func aSharedBeginningKeepsItsMarks() {
        var marks = TokenMarks()
        for step in 1...5 { marks.add(tokens: step * 10, at: step * 100) }
        var other = marks.beginning(upTo: 250)
        #expect(other.tokens(at: 250) == nil)
        other.add(tokens: 90, at: 500)
        #expect(other.tokens(at: 200)?.tokens == 20)
        #expect(other.tokens(at: 350) == .init(tokens: 55, least: 20, most: 90))
    }

    @Test func manyMarksAreThinnedOutAndStayTrue() {
        var marks = TokenMarks()
        for step in 1...2000 { marks.add(tokens: step, at: step * 4) }
        #expect(marks.tokens(at: 8000)?.tokens == 2000)
        let middle = marks.tokens(at: 4000)
        #expect(middle.map { ($0.least...$0.most).contains(1000) && abs($0.tokens - 1000) < 100 } == true)
    }

    /// A later count that contradicts earlier ones is believed: it is the server's newest word.
    @Test func marksStayInOrder() {
        var marks = TokenMarks()
        marks.add(tokens: 50, at: 100)
        marks.add(tokens: 40, at: 200)
        #expect(marks.tokens(at: 100) == .init(tokens: 20, least: 0, most: 40))
    }
}
