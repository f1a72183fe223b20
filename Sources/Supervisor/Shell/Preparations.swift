/// Runs whose start waits for something that is done elsewhere; one at a time, in their order.
///
/// A run that is stopped meanwhile is given up at once. What was begun for it goes on, and the next one waits for its end: so what is
/// done for a run is never done beside what is done for another, and the run that follows on it does not start before it is over.
struct Preparations {
    struct Run: Equatable {
        var unit: Int
        var run: Int
        var service: String
    }

    private var waiting: [Run] = []
    /// The one for which something is being done, and whether it is still wanted.
    private(set) var current: (run: Run, isWanted: Bool)?

    /// True where it is to begin now.
    mutating func add(_ run: Run) -> Bool {
        guard current != nil else {
            current = (run, true)
            return true
        }
        waiting.append(run)
        return false
    }

    /// True where the run was waiting or being prepared: it has no process, and will have none.
    mutating func giveUp(_ unit: Int, _ run: Int) -> Bool {
        if let current, current.isWanted, current.run.unit == unit, current.run.run == run {
            self.current?.isWanted = false
            return true
        }
        let before = waiting.count
        waiting.removeAll { $0.unit == unit && $0.run == run }
        return waiting.count < before
    }

    /// - Returns: the run that can start now, nil where it was given up, and the one to begin with next.
    mutating func finish() -> (ready: Run?, next: Run?) {
        let ready = current.flatMap { $0.isWanted ? $0.run : nil }
        current = nil
        guard !waiting.isEmpty else { return (ready, nil) }
        let next = waiting.removeFirst()
        current = (next, true)
        return (ready, next)
    }
}
