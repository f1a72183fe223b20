import LaunchPlan

/// When to start again after an end that nobody asked for, by `RestartPolicy`.
public struct RestartBackoff: Sendable {
    public enum Decision: Sendable, Equatable {
        case after(Int)
        /// Too many ends; once more after this long.
        case giveUp(Int)
    }

    let policy: RestartPolicy
    private var consecutive = 0
    /// Of the last ends, at most one more than the policy allows.
    private var ends: [Int] = []
    private var random: SplitMix64

    init(policy: RestartPolicy, seed: UInt64) {
        self.policy = policy
        self.random = SplitMix64(state: seed)
    }

    /// The first step after an immediate restart.
    static let firstStepMs = 250

    mutating func next(ranForMs ran: Int, now: Int) -> Decision {
        if ran >= policy.resetAfterMs { consecutive = 0 }
        ends.append(now)
        ends.removeAll { now - $0 > policy.withinMs }
        if ends.count > policy.failures {
            ends.removeAll()
            consecutive = 0
            return .giveUp(policy.slowRetryMs)
        }
        let delay = nominalDelay
        consecutive += 1
        return .after(delay + jitter(upTo: delay / 4))
    }

    private var nominalDelay: Int {
        guard consecutive > 0 else { return policy.initialMs }
        let base = max(policy.initialMs * 2, Self.firstStepMs)
        // Doubling stops at the limit: a shift by more than 62 would be none.
        let doublings = min(consecutive - 1, 40)
        return min(policy.maxMs, base > policy.maxMs >> doublings ? policy.maxMs : base << doublings)
    }

    private mutating func jitter(upTo limit: Int) -> Int { limit > 0 ? Int.random(in: 0...limit, using: &random) : 0 }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014): small, seeded, so that a run can be repeated.
struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
