import Glibc

/// How many tokens of a request are worth proposing: as many as come true more likely than their rows cost. Where none does, it is asked ever more
/// seldom. Pure: what came true, and what rows cost, is given.
struct LookupPace {
    /// How likely a proposed token comes true, of late.
    private(set) var likelihood = 0.75
    /// Steps until the next proposal, and after the next that fails.
    private var rest = 0
    private var nextRest = 1

    private static let longestRest = 64

    /// Tokens that the coming step may propose; counts the step.
    ///
    /// - Parameter cost: of one more row, as a share of a step of one.
    mutating func allowance(most: Int, cost: Double) -> Int {
        if rest > 0 {
            rest -= 1
            return 0
        }
        guard likelihood > cost else { return min(1, most) }
        // The n-th token saves a step with likelihood^n.
        let worth = log(min(max(cost, 0.01), 0.99)) / log(min(likelihood, 0.99))
        return min(max(Int(worth), 1), most)
    }

    /// - Parameter accepted: so many of those proposed came true, from the first on.
    mutating func note(proposed: Int, accepted: Int) {
        guard proposed > 0 else { return }
        for _ in 0..<accepted { likelihood += (1 - likelihood) / 8 }
        if accepted < proposed { likelihood -= likelihood / 8 }
        if accepted > 0 {
            nextRest = 1
        } else {
            rest = nextRest
            nextRest = min(nextRest * 2, Self.longestRest)
        }
    }
}

/// What one more row of a step costs, as a share of a step of one row: little where the weights' way from memory is most of it, nearly a whole step
/// where each row has experts of its own.
struct RowCost {
    /// Until it is measured.
    private(set) var share = 0.25
    private var one: Double?

    /// A step of one sequence's `rows`, and of nothing else.
    mutating func note(rows: Int, seconds: Double) {
        guard rows > 0, seconds > 0 else { return }
        guard rows > 1 else {
            one = one.map { $0 + (seconds - $0) / 8 } ?? seconds
            return
        }
        guard let one else { return }
        let sample = (seconds / one - 1) / Double(rows - 1)
        share += (min(max(sample, 0.02), 1) - share) / 8
    }
}
