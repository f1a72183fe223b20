/// Which lines of two texts are the same, by Myers's greedy algorithm (O(ND), "An O(ND) difference algorithm and its variations", 1986).
///
/// Time and memory are bounded for texts that have little in common: after some edits (2000, fewer in very long texts), the path that
/// has come farthest is taken, and the search begins anew behind it. The result is then a correct difference, though perhaps not the
/// shortest one.
struct LineDifference {
    /// Equal lines that follow each other in both texts.
    struct Run: Equatable {
        var old: Int
        var new: Int
        var count: Int
    }

    private let old: [Int]
    private let new: [Int]
    private let maximumEdits: Int

    /// - Parameters: lines as numbers: equal lines have equal ones.
    init(old: [Int], new: [Int]) {
        self.old = old
        self.new = new
        // Steps of the whole search are at most the lines times the edits of one piece.
        maximumEdits = min(2000, max(64, (64 << 20) / max(1, old.count + new.count)))
    }

    /// The runs in the order of both texts, without overlaps.
    func runs() -> [Run] {
        var result: [Run] = []
        var position = (old: 0, new: 0)
        while position.old < old.count, position.new < new.count {
            let path = search(from: position)
            for run in path.runs { Self.append(run, to: &result) }
            // One of the two is used up, or the path went on by as many lines as it has edits.
            position = path.end
        }
        return result
    }

    private static func append(_ run: Run, to runs: inout [Run]) {
        guard run.count > 0 else { return }
        if let last = runs.last, last.old + last.count == run.old, last.new + last.count == run.new {
            runs[runs.count - 1].count += run.count
        } else {
            runs.append(run)
        }
    }

    /// The farthest `x` on each diagonal `k = x - y` after `d` edits, kept for each `d`, so that the path can be walked back.
    private func search(from start: (old: Int, new: Int)) -> (runs: [Run], end: (old: Int, new: Int)) {
        let (width, height) = (old.count - start.old, new.count - start.new)
        var trace: [[Int]] = []
        var frontier = [0]
        for d in 0...maximumEdits {
            // `frontier[i]` is the diagonal `2i - d`; -1 where none of its points can be reached within the texts.
            if d > 0 {
                let before = frontier
                frontier = [Int](repeating: -1, count: d + 1)
                for index in 0...d {
                    let diagonal = 2 * index - d
                    // From the diagonal below by a line taken away, from the one above by a line added.
                    let right = index > 0 && before[index - 1] >= 0 && before[index - 1] < width ? before[index - 1] + 1 : -1
                    let down = index < d && before[index] >= 0 && before[index] - diagonal <= height ? before[index] : -1
                    frontier[index] = max(right, down)
                }
            }
            for index in 0...d where frontier[index] >= 0 {
                let diagonal = 2 * index - d
                var x = frontier[index]
                while x < width, x - diagonal < height, old[start.old + x] == new[start.new + x - diagonal] { x += 1 }
                frontier[index] = x
                if x == width, x - diagonal == height {
                    trace.append(frontier)
                    return path(trace, index, start)
                }
            }
            trace.append(frontier)
        }
        let last = maximumEdits
        let best = frontier.indices.filter { frontier[$0] >= 0 }.max { 2 * frontier[$0] - (2 * $0 - last) < 2 * frontier[$1] - (2 * $1 - last) }
        return path(trace, best ?? 0, start)
    }

    private func path(_ trace: [[Int]], _ end: Int, _ start: (old: Int, new: Int)) -> (runs: [Run], end: (old: Int, new: Int)) {
        var runs: [Run] = []
        var index = end
        let last = (x: trace[trace.count - 1][end], diagonal: 2 * end - (trace.count - 1))
        for d in stride(from: trace.count - 1, through: 0, by: -1) {
            let diagonal = 2 * index - d
            let x = trace[d][index]
            var entry = 0
            if d > 0 {
                let before = trace[d - 1]
                let right = index > 0 && before[index - 1] >= 0 ? before[index - 1] + 1 : -1
                let down = index < d ? before[index] : -1
                // The same choice as on the way here: `right` within the width, `down` within the height.
                let isRight = right > (down >= 0 && down - diagonal <= new.count - start.new ? down : -1) && right <= old.count - start.old
                entry = isRight ? right : down
                if isRight { index -= 1 }
            }
            runs.append(Run(old: start.old + entry, new: start.new + entry - diagonal, count: x - entry))
        }
        return (runs.reversed(), (start.old + last.x, start.new + last.x - last.diagonal))
    }
}
