/// Which generations are kept: the current one, the newest good ones, and the newest of the others for a look at what failed.
enum Retention {
    static let good = 20
    static let others = 5

    static func clean(_ store: Store) {
        let all = store.reader.numbers.reversed().compactMap { number in (try? store.reader.read(number)).flatMap { $0 } }
        let current = store.reader.currentNumber
        let dropped = drop(all.map { ($0.number, $0.standing == .good) }, current: current)
        for number in dropped { store.removeGeneration(number) }
        let used = Set(all.filter { !dropped.contains($0.number) }.compactMap { $0.planId.split(separator: ":").last.map(String.init) })
        // A generation that cannot be read names no plan: then none is known to be unused.
        guard all.count == store.reader.numbers.count + dropped.count else { return }
        for name in store.planNames where !used.contains(name) { store.removePlan(name) }
    }

    /// - Parameter generations: newest first.
    static func drop(_ generations: [(number: Int, isGood: Bool)], current: Int?) -> Set<Int> {
        var goodLeft = good
        var othersLeft = others
        var dropped = Set<Int>()
        for generation in generations where generation.number != current {
            if generation.isGood {
                goodLeft -= 1
                if goodLeft < 0 { dropped.insert(generation.number) }
            } else {
                othersLeft -= 1
                if othersLeft < 0 { dropped.insert(generation.number) }
            }
        }
        return dropped
    }
}
