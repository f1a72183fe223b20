import Control

/// Which generations are kept: the current one, the newest good ones, and the newest of the others for a look at what failed.
enum Retention {
    static let good = 20
    static let others = 5

    /// - Returns: what was removed.
    @discardableResult
    static func clean(_ store: Store, good: Int = Retention.good, others: Int = Retention.others) -> GCReport {
        let all = store.reader.numbers.reversed().compactMap { number in (try? store.reader.read(number)).flatMap { $0 } }
        let current = store.reader.currentNumber
        let dropped = drop(all.map { ($0.number, $0.standing == .good) }, current: current, good: good, others: others)
        for number in dropped { store.removeGeneration(number) }
        let used = Set(all.filter { !dropped.contains($0.number) }.compactMap { $0.planId.split(separator: ":").last.map(String.init) })
        // A generation that cannot be read names no plan: then none is known to be unused.
        guard all.count == store.reader.numbers.count + dropped.count else { return GCReport(generations: dropped.sorted(), plans: 0) }
        let unused = store.planNames.filter { !used.contains($0) }
        for name in unused { store.removePlan(name) }
        return GCReport(generations: dropped.sorted(), plans: unused.count)
    }

    /// - Parameter generations: newest first.
    static func drop(
        _ generations: [(number: Int, isGood: Bool)], current: Int?, good: Int = Retention.good, others: Int = Retention.others
    ) -> Set<Int> {
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
