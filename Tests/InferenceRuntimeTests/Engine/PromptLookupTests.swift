import Testing

@testable import InferenceRuntime

struct PromptLookupTests {
    func lookup(_ tokens: [Int32]) -> PromptLookup {
        var lookup = PromptLookup(capacity: tokens.count)
        lookup.follow(tokens)
        return lookup
    }

    func proposal(_ tokens: [Int32], limit: Int = 8) -> [Int32] { lookup(tokens).proposal(after: tokens, limit: limit) }

    @Test func whatFollowedTheSameTokensIsProposed() {
        #expect(proposal([1, 2, 3, 4, 5, 6, 9, 1, 2, 3]) == [4, 5, 6])
        #expect(proposal([1, 2, 3, 4, 5, 6, 9, 1, 2, 3], limit: 2) == [4, 5])
        // Two agree: too few.
        #expect(proposal([1, 2, 3, 4, 9, 2, 3]).isEmpty)
        #expect(proposal([1, 2, 3]).isEmpty && proposal([]).isEmpty)
        #expect(proposal([1, 2, 3, 1, 2, 3], limit: 0).isEmpty)
    }

    @Test func theLongestRunDecidesAndOfEqualsTheLatest() {
        #expect(proposal([7, 1, 2, 3, 40, 0, 1, 2, 3, 50, 0, 7, 1, 2, 3], limit: 1) == [40])
        #expect(proposal([8, 1, 2, 3, 40, 0, 9, 1, 2, 3, 50, 0, 7, 1, 2, 3], limit: 1) == [50])
    }

    @Test func whatRepeatsGoesOn() {
        #expect(proposal([5, 5, 5, 5, 5]) == [5, 5, 5, 5])
        #expect(proposal([1, 2, 1, 2, 1, 2, 1], limit: 5) == [2, 1, 2, 1, 2])
    }

    /// Beside a search through everything; taken in bit by bit.
    @Test func itFindsWhatASearchFinds() {
        var random = RandomNumbers(seed: 5)
        for _ in 0..<200 {
            let kinds = 3 + random.next() % 6
            var tokens: [Int32] = []
            var lookup = PromptLookup(capacity: 10)
            while tokens.count < 60 {
                for _ in 0..<random.next() % 4 { tokens.append(Int32(random.next() % kinds)) }
                lookup.follow(tokens)
                let found = lookup.proposal(after: tokens, limit: 4)
                var best: (end: Int, length: Int)?
                var places = 0
                for end in stride(from: tokens.count - 2, through: 0, by: -1) where places < PromptLookup.mostPlaces {
                    let length = (0...end).prefix { tokens[end - $0] == tokens[tokens.count - 1 - $0] }.count
                    if length >= PromptLookup.shortest { places += 1 }
                    if length >= PromptLookup.shortest, min(length, PromptLookup.longest) > best?.length ?? 0 {
                        best = (end, min(length, PromptLookup.longest))
                    }
                }
                let period = best.map { tokens.count - 1 - $0.end } ?? 1
                let expected = best.map { best in
                    (0..<min(4, best.length)).map { index in tokens[best.end + 1 + index % period] }
                }
                #expect(found == expected ?? [])
            }
        }
    }

    @Test func aPaceIsWhatPays() {
        var pace = LookupPace()
        // All come true: ever more, as far as rows are cheap.
        for _ in 0..<20 { pace.note(proposed: 7, accepted: 7) }
        #expect(pace.allowance(most: 7, cost: 0.2) == 7)
        #expect(pace.allowance(most: 3, cost: 0.2) == 3)
        #expect(pace.allowance(most: -1, cost: 0.2) <= 0)
        #expect(pace.allowance(most: 7, cost: 1) == 1)
        // Half of them: one or two.
        for _ in 0..<40 { pace.note(proposed: 2, accepted: 1) }
        #expect((1...3).contains(pace.allowance(most: 7, cost: 0.2)))
    }

    @Test func whatFailsIsAskedEverMoreSeldom() {
        var pace = LookupPace()
        var asked: [Int] = []
        for step in 0..<400 where pace.allowance(most: 7, cost: 0.2) > 0 {
            asked.append(step)
            pace.note(proposed: 1, accepted: 0)
        }
        #expect(Array(asked.prefix(6)) == [0, 2, 5, 10, 19, 36])
        #expect(asked.count <= 12)
        // Who was right once is asked again.
        var step = 0
        while pace.allowance(most: 7, cost: 0.2) == 0 { step += 1 }
        #expect(step <= 64)
        pace.note(proposed: 1, accepted: 1)
        #expect(pace.allowance(most: 7, cost: 0.2) > 0)
    }

    @Test func whatARowCostsIsMeasured() {
        var cost = RowCost()
        cost.note(rows: 8, seconds: 1)
        #expect(cost.share == 0.25)
        for _ in 0..<50 {
            cost.note(rows: 1, seconds: 0.01)
            cost.note(rows: 8, seconds: 0.045)
        }
        #expect(abs(cost.share - 0.5) < 0.02)
        cost.note(rows: 2, seconds: 100)
        #expect(cost.share < 0.6)
    }
}
