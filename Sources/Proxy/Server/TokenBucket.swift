/// So much a minute: what was not used is saved up to a minute's worth, and a cost that is known only afterwards may be owed.
struct TokenBucket: Sendable, Equatable {
    let perMinute: Int
    private var level: Double
    private var then: ContinuousClock.Instant

    init(perMinute: Int, at now: ContinuousClock.Instant) {
        self.perMinute = perMinute
        level = Double(perMinute)
        then = now
    }

    /// What may be taken at once; less than nothing where something is owed.
    func available(at now: ContinuousClock.Instant) -> Double { min(Double(perMinute), level + Double(perMinute) / 60 * (now - then).inSeconds) }

    /// How long until `amount` may be taken; zero where it may be now. At most a minute's worth can be.
    func pause(for amount: Double, at now: ContinuousClock.Instant) -> Duration {
        let missing = min(amount, Double(perMinute)) - available(at: now)
        return missing <= 0 ? .zero : .seconds(missing * 60 / Double(perMinute))
    }

    mutating func take(_ amount: Double, at now: ContinuousClock.Instant) {
        level = available(at: now) - amount
        then = now
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// Whole seconds that are no less, and at least one: what `retry-after` can say.
    var retrySeconds: Int { max(1, Int(inSeconds.rounded(.up))) }
}
