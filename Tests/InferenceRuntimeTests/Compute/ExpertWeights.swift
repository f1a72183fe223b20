@testable import InferenceRuntime

/// The weights of an `ExpertCheckpoint`: drawn for their names, and what makes the margins of its routers clear.
enum ExpertWeights {
    /// Of a deviation that makes products about as large as what is multiplied, times `gain`.
    static func drawn(_ name: String, _ rows: Int, _ columns: Int, gain: Float = 1) -> [Float] {
        var random = RandomNumbers(seed: seed(name))
        let most = gain * (3 / Float(columns)).squareRoot()
        return (0..<rows * columns).map { _ in Float(2 * random.unit() - 1) * most }
    }

    private static func seed(_ name: String) -> UInt64 { name.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 } }

    /// Each token ranks the experts in an order of its own.
    static func embedding() -> [Float] {
        var values = drawn(
            "embedding", ExpertCheckpoint.vocabulary, ExpertCheckpoint.hidden, gain: 0.85 * Float(ExpertCheckpoint.hidden).squareRoot())
        var random = RandomNumbers(seed: seed("ranks"))
        for token in 0..<ExpertCheckpoint.vocabulary {
            var ranks = Array(0..<ExpertCheckpoint.experts)
            for last in (1..<ExpertCheckpoint.experts).reversed() { ranks.swapAt(last, Int(random.next() % UInt64(last + 1))) }
            for (dimension, rank) in ranks.enumerated() { values[token * ExpertCheckpoint.hidden + dimension] = Float(rank) * 0.2 - 1.5 }
        }
        return values
    }

    /// The ranks, and a little of everything else.
    static func router(_ layer: String) -> [Float] {
        var values = drawn(layer + "mlp.gate", ExpertCheckpoint.experts, ExpertCheckpoint.hidden, gain: 0.08)
        for expert in 0..<ExpertCheckpoint.experts { values[expert * ExpertCheckpoint.hidden + expert] += 6 }
        return values
    }

    /// A matrix that writes little to the dimensions of the ranks.
    static func quiet(_ name: String, _ columns: Int, gain: Float) -> [Float] {
        var values = drawn(name, ExpertCheckpoint.hidden, columns, gain: gain)
        for index in 0..<ExpertCheckpoint.experts * columns { values[index] *= 0.02 }
        return values
    }
}
