import Glibc
import Testing

/// How close the logits of the fast arithmetic must be to the reference's.
struct FastBounds {
    private var divergences: [Double] = []
    /// Relative error of the worst row.
    private(set) var worstError = 0.0
    /// Rows whose best token is another one though the reference's margin is clear.
    private(set) var parted = 0

    static let clearMargin = 0.05
    static let mostDivergence = 1e-3
    static let mostError = 0.02

    var meanDivergence: Double { divergences.reduce(0, +) / Double(divergences.count) }

    /// Rows of bit patterns, as `ForwardPassTests.logits` gives them.
    mutating func add(reference: [[UInt32]], fast: [[UInt32]]) throws {
        try #require(reference.count == fast.count)
        for (left, right) in zip(reference, fast) {
            let left = left.map { Double(Float(bitPattern: $0)) }
            let right = right.map { Double(Float(bitPattern: $0)) }
            divergences.append(Self.divergence(left, right))
            worstError = max(Self.relativeError(left, right), worstError)
            let order = left.indices.sorted { left[$0] > left[$1] }
            if left[order[0]] - left[order[1]] > Self.clearMargin, right.max() != right[order[0]] { parted += 1 }
        }
    }

    func expectKept(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        if getenv("ANYCLAUDE_TEST_FIGURES") != nil { print("\(name): mean KL \(meanDivergence), worst relative rms \(worstError)") }
        #expect(parted == 0, "\(name)", sourceLocation: sourceLocation)
        #expect(meanDivergence <= Self.mostDivergence, "\(name)", sourceLocation: sourceLocation)
        #expect(worstError <= Self.mostError, "\(name)", sourceLocation: sourceLocation)
    }

    /// Kullback and Leibler's, of the distributions that two rows of logits stand for.
    private static func divergence(_ left: [Double], _ right: [Double]) -> Double {
        func logProbabilities(_ logits: [Double]) -> [Double] {
            let top = logits.max() ?? 0
            let sum = log(logits.reduce(0) { $0 + exp($1 - top) })
            return logits.map { $0 - top - sum }
        }
        return zip(logProbabilities(left), logProbabilities(right)).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }

    private static func relativeError(_ left: [Double], _ right: [Double]) -> Double {
        let error = zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (error / left.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }
}
