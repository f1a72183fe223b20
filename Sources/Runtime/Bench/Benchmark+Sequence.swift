extension Benchmark {
    /// Tokens that mean nothing, with room for their keys and values.
    final class Sequence {
        private let tokens: [Int32]
        private let blocks: [AlignedMemory]
        var length = 0

        init(_ model: LanguageModel, capacity: Int) throws(RuntimeError) {
            let usable = max(1, min(50_000, model.vocabularySize - 1))
            tokens = (0..<capacity).map { Int32(($0 * 7919) % usable) }
            var blocks: [AlignedMemory] = []
            for _ in 0..<(capacity + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens {
                blocks.append(try AlignedMemory(count: model.blockBytes))
            }
            self.blocks = blocks
        }

        private func span(_ count: Int, _ logits: BatchSpan.Logits) -> BatchSpan {
            let end = length + count
            let used = (end + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens
            return BatchSpan(blocks: Array(blocks[..<used]), start: length, tokens: tokens[length..<end], logits: logits)
        }

        /// The next `count` tokens; logits of the last.
        func compute(_ count: Int, _ pass: ForwardPass) throws(RuntimeError) {
            let end = length + count
            while length < end {
                let part = min(Benchmark.chunk, end - length)
                try pass.run([span(part, length + part == end ? .last : .none)]) { (_, _) throws(RuntimeError) in }
                length += part
            }
        }

        static func computeOne(each sequences: [Sequence], _ pass: ForwardPass) throws(RuntimeError) {
            try pass.run(sequences.map { $0.span(1, .last) }) { (_, _) throws(RuntimeError) in }
            for sequence in sequences { sequence.length += 1 }
        }
    }
}
