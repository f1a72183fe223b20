import Glibc

/// Tokens that may be drawn, with weights proportional to their probabilities. Most likely first, unless all are in.
struct Candidates {
    struct Candidate: Equatable {
        var id: Int32
        var weight: Double
    }

    private(set) var candidates: [Candidate]

    /// The distribution softmax(logits / temperature), cut by top-k, then top-p, then min-p.
    init(_ logits: UnsafeBufferPointer<Float>, top: Float, sampling: Sampling) {
        let inverse = 1 / Double(sampling.temperature)
        func weight(_ logit: Float) -> Double { exp((Double(logit) - Double(top)) * inverse) }
        if sampling.topK > 0 {
            candidates = Self.largest(sampling.topK, logits).map { Candidate(id: $0.id, weight: weight($0.logit)) }
            cut(topP: sampling.topP, total: candidates.reduce(0) { $0 + $1.weight })
        } else if sampling.topP < 1 {
            let total = logits.reduce(0) { $0 + weight($1) }
            candidates = []
            // The nucleus is small as a rule: look for it among ever more of the largest.
            var size = 64
            repeat {
                candidates = Self.largest(size, logits).map { Candidate(id: $0.id, weight: weight($0.logit)) }
                if candidates.reduce(0, { $0 + $1.weight }) >= Double(sampling.topP) * total { break }
                size *= 8
            } while candidates.count < logits.count && size < logits.count * 8
            cut(topP: sampling.topP, total: total)
        } else {
            // A mask may leave only a few.
            candidates = []
            for (id, logit) in logits.enumerated() where logit > -.infinity { candidates.append(Candidate(id: Int32(id), weight: weight(logit))) }
        }
        if sampling.minP > 0 { candidates.removeAll { $0.weight < Double(sampling.minP) } }
    }

    /// Keeps the smallest beginning whose share of `total` reaches `topP`; at least one.
    private mutating func cut(topP: Float, total: Double) {
        guard topP < 1 else { return }
        var sum = 0.0
        for index in candidates.indices {
            sum += candidates[index].weight
            if sum >= Double(topP) * total { return candidates.removeSubrange((index + 1)...) }
        }
    }

    /// The one at `share` (0 ..< 1) of the whole weight.
    func draw(at share: Double) -> Int32? {
        let target = share * candidates.reduce(0) { $0 + $1.weight }
        var sum = 0.0
        for candidate in candidates {
            sum += candidate.weight
            if sum > target { return candidate.id }
        }
        return candidates.last { $0.weight > 0 }?.id
    }

    /// The `count` largest finite logits, largest first, the smaller id of equals first.
    static func largest(_ count: Int, _ logits: UnsafeBufferPointer<Float>) -> [(id: Int32, logit: Float)] {
        func precedes(_ left: (id: Int32, logit: Float), _ right: (id: Int32, logit: Float)) -> Bool {
            left.logit > right.logit || left.logit == right.logit && left.id < right.id
        }
        // A heap whose root is the last of those kept.
        var heap: [(id: Int32, logit: Float)] = []
        func sink(_ start: Int) {
            var index = start
            while true {
                var last = index
                for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(heap[last], heap[child]) { last = child }
                if last == index { return }
                heap.swapAt(index, last)
                index = last
            }
        }
        guard count > 0 else { return [] }
        for (id, logit) in logits.enumerated() where logit > -.infinity {
            let entry = (id: Int32(id), logit: logit)
            if heap.count < count {
                heap.append(entry)
                if heap.count == count { for index in stride(from: count / 2, through: 0, by: -1) { sink(index) } }
            } else if precedes(entry, heap[0]) {
                heap[0] = entry
                sink(0)
            }
        }
        return heap.sorted(by: precedes)
    }
}
