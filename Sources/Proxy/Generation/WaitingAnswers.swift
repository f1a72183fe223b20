/// The order in which finished answers that reached nobody are given up: by age, and the oldest first where they are too many bytes.
///
/// Each step costs what it gives up, however many wait: looking at all of them at the end of each request made a proxy slower with every
/// client that left.
struct WaitingAnswers {
    private struct Entry {
        var number: Int
        var bytes: Int
    }
    private let keep: Duration
    private let maximumBytes: Int
    private var entries: [String: Entry] = [:]
    /// Oldest first from `head` on; one that was forgotten stays until it is the oldest.
    private var order: [(key: String, number: Int, end: ContinuousClock.Instant)] = []
    private var head = 0
    private var last = 0
    private(set) var bytes = 0

    /// - Parameter maximumBytes: of all that wait; the latest may be larger alone.
    init(keep: Duration, maximumBytes: Int) {
        self.keep = keep
        self.maximumBytes = maximumBytes
    }

    var count: Int { entries.count }

    /// Nothing where the key waits already.
    mutating func add(_ key: String, bytes: Int, end: ContinuousClock.Instant) {
        guard entries[key] == nil else { return }
        last += 1
        entries[key] = Entry(number: last, bytes: bytes)
        order.append((key, last, end))
        self.bytes += bytes
    }

    mutating func forget(_ key: String) {
        if let entry = entries.removeValue(forKey: key) { bytes -= entry.bytes }
    }

    /// - Returns: the keys that are given up.
    mutating func shrink(_ now: ContinuousClock.Instant) -> [String] {
        var given: [String] = []
        while head < order.count {
            let oldest = order[head]
            if entries[oldest.key]?.number == oldest.number {
                guard oldest.end + keep < now || (bytes > maximumBytes && count > 1) else { break }
                forget(oldest.key)
                given.append(oldest.key)
            }
            head += 1
        }
        if head > 64, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
        return given
    }
}
