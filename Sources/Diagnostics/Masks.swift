/// The bytes of a text that must not be shown, as ranges in order that do not touch: asking for one takes no time, however many there are.
struct Masks: Sendable {
    private var ranges: [Range<Int>] = []

    mutating func insert(_ others: some Sequence<Range<Int>>) {
        var merged: [Range<Int>] = []
        for range in (ranges + others.filter { !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    func overlaps(_ range: Range<Int>) -> Bool { inside(range).contains { $0.overlaps(range) } }

    /// Those that reach into `range`, in order.
    func inside(_ range: Range<Int>) -> ArraySlice<Range<Int>> {
        let start = first { $0.upperBound > range.lowerBound }
        return ranges[start..<max(start, first { $0.lowerBound >= range.upperBound })]
    }

    /// The index of the first range of which `isBehind` is true, as it is of all after it.
    private func first(_ isBehind: (Range<Int>) -> Bool) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
