/// How many prompt tokens each sequence gets in one step.
enum StepPlan {
    /// Shares `budget` tokens among prompts with so many tokens left each: evenly, what one does not need goes to the others. So a
    /// short prompt is done in its first step, whatever long ones are on their way. Order is that of arrival; the first gets what
    /// cannot be divided.
    static func share(_ remaining: [Int], budget: Int) -> [Int] {
        var shares = Array(repeating: 0, count: remaining.count)
        var left = max(budget, 0)
        var open = remaining.indices.filter { remaining[$0] > 0 }
        while left > 0, !open.isEmpty {
            let even = max(left / open.count, 1)
            for index in open where left > 0 {
                let more = min(even, remaining[index] - shares[index], left)
                shares[index] += more
                left -= more
            }
            open.removeAll { shares[$0] == remaining[$0] }
        }
        return shares
    }
}
