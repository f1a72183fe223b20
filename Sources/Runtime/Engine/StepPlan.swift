/// How many prompt tokens a step computes, and whose. Pure: what was measured is given.
///
/// Results do not depend on it, only who waits how long.
struct StepPlan {
    /// Tokens in one step at most, whatever the time.
    var chunk: Int
    /// What a step may take, alone and while others run or wait.
    var loneSeconds: Double
    var sharedSeconds: Double

    init(_ settings: EngineSettings, hasExperts: Bool = false) {
        chunk = max(settings.prefillChunk, 1)
        loneSeconds = settings.loneStepSeconds ?? (hasExperts ? 1 : 0.4)
        sharedSeconds = settings.sharedStepSeconds
    }

    /// Fewer cost hardly less: the weights are read for each step.
    static let fewest = 32
    /// Before anything is measured: little enough for any model, enough to measure.
    static let first = 64

    func seconds(isShared: Bool) -> Double { isShared ? sharedSeconds : loneSeconds }

    /// The time that taking over from the cache may have of a step. A minute, where there is no limit.
    func restoringSeconds(isShared: Bool) -> Double { min(max(seconds(isShared: isShared) / 2, 0), 60) }

    /// Prompt tokens that fit a step.
    ///
    /// - Parameters:
    ///   - rate: tokens a second, as measured.
    ///   - spent: seconds of the step that are over.
    func budget(rate: Double?, isShared: Bool, spent: Double = 0) -> Int {
        guard let rate else { return min(Self.first, chunk) }
        let tokens = rate * max(seconds(isShared: isShared) - spent, 0)
        guard tokens < Double(chunk) else { return chunk }
        return min(max(Int(tokens), Self.fewest), chunk)
    }

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

/// How fast prompts were computed of late: slower as they become deeper, or as others use the machine.
struct PromptRate {
    private(set) var tokensPerSecond: Double?

    /// Of few tokens most of the time goes to what does not depend on them.
    private static let fewest = 16

    mutating func note(tokens: Int, seconds: Double) {
        guard tokens >= Self.fewest, seconds > 0 else { return }
        let last = seconds / Double(tokens)
        // Half of it is the last step's: a hiccup is soon forgotten.
        let mean = tokensPerSecond.map { (1 / $0 + last) / 2 } ?? last
        tokensPerSecond = 1 / mean
    }
}
