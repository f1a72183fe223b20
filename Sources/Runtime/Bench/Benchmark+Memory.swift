import CKernels
import Synchronization

extension Benchmark {
    /// Bytes a second at which all threads read the weights and do nothing with them: an answer cannot be faster than its bytes.
    func readRate() throws(RuntimeError) -> Double {
        let arena = model.weights.arena
        let share = arena.count / model.threads & ~63
        let sum = Atomic<UInt64>(0)
        let seconds = try seconds { () throws(RuntimeError) in
            var readers: [WorkerThread] = []
            for index in 0..<model.threads {
                readers.append(
                    try WorkerThread(name: "reader") { sum.wrappingAdd(ck_read_all(arena.base + index * share, share), ordering: .relaxed) })
            }
            for reader in readers { reader.join() }
        }
        return Double(share * model.threads) / seconds
    }
}

extension LanguageModel {
    /// Bytes that one token reads after `depth` others: the weights that take part, of experts those that a token goes to, and keys and values.
    func activeBytes(depth: Int) -> Int {
        let layers = weights.layers.reduce(0) { sum, layer in
            let attention = [layer.query, layer.key, layer.value, layer.attentionOutput].reduce(0) { $0 + $1.bytes }
            switch layer.feedForward {
            case .dense(let it): return sum + attention + it.bytes
            case .experts(let router, let experts):
                let used = configuration.experts?.perToken ?? experts.count
                return sum + attention + router.bytes + experts.prefix(used).reduce(0) { $0 + $1.bytes }
            }
        }
        return layers + (weights.output ?? weights.embedding).bytes + depth * blockBytes / Self.blockTokens
    }
}

extension Weights.Gated {
    fileprivate var bytes: Int { gate.bytes + up.bytes + down.bytes }
}
