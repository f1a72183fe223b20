import CKernels
import Glibc
import Testing

@testable import InferenceRuntime

/// Keys, values and attention over partial blocks, against double precision.
struct AttentionTests {
    struct Heads: Sendable {
        var queries: Int
        var keys: Int
        var size: Int
        var tokens: Int
    }

    private static let theta = 10000.0
    private static let epsilon: Float = 1e-6

    /// Random queries, keys, values and norms of one sequence.
    private struct Sample {
        let heads: Heads
        let q: [Float]
        let k: [Float]
        let v: [Float]
        let queryNorm: [Float]
        let keyNorm: [Float]

        init(_ heads: Heads) {
            var random = RandomNumbers(seed: 5)
            self.heads = heads
            q = random.floats(heads.tokens * heads.queries * heads.size)
            k = random.floats(heads.tokens * heads.keys * heads.size)
            v = random.floats(heads.tokens * heads.keys * heads.size)
            queryNorm = random.floats(heads.size).map { 1 + $0 / 10 }
            keyNorm = random.floats(heads.size).map { 3 + $0 / 10 }
        }

        /// What the kernels make of it, `chunk` tokens at a time; blocks begin as NaN, so that nothing unwritten can be used unseen.
        func attended(_ pool: KernelPool, _ kind: PackedMatrix.Kind, chunk: Int, isFast: Bool = false) throws -> [Float] {
            var layout = ck_kv_layout(layers: 2, heads: Int32(heads.keys), head_size: Int32(heads.size), kind: kind.rawValue)
            let blocks = try (0..<(heads.tokens + 255) / 256).map { _ in try AlignedMemory(count: ck_kv_block_bytes(&layout)) }
            for block in blocks { memset(block.base, 0xFF, block.count) }
            let pointers: [UnsafeMutableRawPointer?] = blocks.map(\.base)
            var output: [Float] = []
            for start in stride(from: 0, to: heads.tokens, by: chunk) {
                let count = min(chunk, heads.tokens - start)
                func part(_ all: [Float], _ heads: Int) -> [Float] {
                    Array(all[start * heads * self.heads.size..<(start + count) * heads * self.heads.size])
                }
                var query = part(q, heads.queries)
                var cosines = [Float](repeating: 0, count: count * heads.size / 2)
                var sines = cosines
                let frequencies = (0..<heads.size / 2).map { Float(pow(theta, -2 * Double($0) / Double(heads.size))) }
                ck_rope_table((start..<start + count).map(Int64.init), Int64(count), Int32(heads.size / 2), frequencies, &cosines, &sines)
                var result = [Float](repeating: 0, count: query.count)
                let isDone = pointers.withUnsafeBufferPointer { table in
                    var span = ck_span(blocks: table.baseAddress, start: Int64(start), count: Int64(count), row: 0)
                    ck_store_keys_values(
                        pool.handle, &layout, 1, &span, 1, &query, part(k, heads.keys), part(v, heads.keys), Int32(heads.queries), queryNorm, keyNorm,
                        epsilon, cosines, sines)
                    return ck_attention(pool.handle, &layout, 1, &span, 1, query, &result, Int32(heads.queries), isFast)
                }
                try #require(isDone)
                output += result
            }
            withExtendedLifetime(blocks) {}
            return output
        }

        private func rotated(_ source: [Float], _ heads: Int, _ norm: [Float]) -> [Double] {
            let size = self.heads.size
            var result = [Double](repeating: 0, count: source.count)
            for token in 0..<self.heads.tokens {
                for head in 0..<heads {
                    let at = (token * heads + head) * size
                    let mean = (0..<size).reduce(0.0) { $0 + Double(source[at + $1]) * Double(source[at + $1]) } / Double(size)
                    let scaled = (0..<size).map { Double(source[at + $0]) / (mean + Double(epsilon)).squareRoot() * Double(norm[$0]) }
                    for i in 0..<size / 2 {
                        let angle = pow(theta, -2 * Double(i) / Double(size)) * Double(token)
                        result[at + i] = scaled[i] * cos(angle) - scaled[i + size / 2] * sin(angle)
                        result[at + i + size / 2] = scaled[i + size / 2] * cos(angle) + scaled[i] * sin(angle)
                    }
                }
            }
            return result
        }

        /// The output of every seventh token, and of the last: (token, queries * size).
        func reference(_ kind: PackedMatrix.Kind) -> [Int: [Double]] {
            let size = heads.size
            let query = rotated(q, heads.queries, queryNorm)
            func kept(_ value: Double) -> Double { kind == .bf16 ? Double(Float(bf16: Float(value).roundedToBF16)) : value }
            let keys = rotated(k, heads.keys, keyNorm).map(kept)
            let values = v.map { kept(Double($0)) }
            var result: [Int: [Double]] = [:]
            for token in Set(stride(from: 0, to: heads.tokens, by: 7)).union([heads.tokens - 1]) {
                var row: [Double] = []
                for head in 0..<heads.queries {
                    let shared = head / (heads.queries / heads.keys)
                    let scores = (0...token).map { other in
                        (0..<size).reduce(0.0) {
                            $0 + query[(token * heads.queries + head) * size + $1] * keys[(other * heads.keys + shared) * size + $1]
                        } / Double(size).squareRoot()
                    }
                    let top = scores.max() ?? 0
                    let weights = scores.map { exp($0 - top) }
                    let sum = weights.reduce(0, +)
                    for i in 0..<size {
                        row.append((0...token).reduce(0.0) { $0 + weights[$1] * values[($1 * heads.keys + shared) * size + i] } / sum)
                    }
                }
                result[token] = row
            }
            return result
        }
    }

    /// Groups of 1, 2 and 3 queries a head, heads of 1, 3 and 4 vectors, ends within a block, within a panel and at odd tokens.
    @Test(arguments: [
        Heads(queries: 4, keys: 2, size: 64, tokens: 275), Heads(queries: 3, keys: 1, size: 48, tokens: 300),
        Heads(queries: 8, keys: 8, size: 16, tokens: 257), Heads(queries: 2, keys: 2, size: 64, tokens: 1),
    ])
    func attentionIsThatOfDoublePrecision(_ heads: Heads) throws {
        let sample = Sample(heads)
        for kind in [PackedMatrix.Kind.f32, .bf16] {
            let expected = sample.reference(kind)
            // A key on the edge of two bf16 may be rounded the other way.
            let bound = kind == .bf16 ? 5e-3 : 2e-5
            for pool in try KernelPool.allHere() {
                for isFast in [false, true] {
                    let output = try sample.attended(pool, kind, chunk: 64, isFast: isFast)
                    let width = heads.queries * heads.size
                    // Rounded to bf16 are queries and weights too, then.
                    let bound = isFast && kind == .bf16 ? 2e-2 : bound
                    for (token, row) in expected {
                        let isClose = row.indices.allSatisfy { (row[$0] - Double(output[token * width + $0])).magnitude < bound }
                        #expect(isClose, "\(pool.instructionSet) \(kind) fast \(isFast) token \(token)")
                    }
                }
            }
        }
    }

    /// However a prompt is cut, and whatever the number of threads, each bit is the same.
    @Test func chunksAndThreadsChangeNothing() throws {
        let sample = Sample(Heads(queries: 4, keys: 2, size: 32, tokens: 275))
        for kind in [PackedMatrix.Kind.f32, .bf16] {
            for (pool, single) in zip(try KernelPool.allHere(), try KernelPool.allHere(threads: 1)) {
                for isFast in [false, true] {
                    let whole = try sample.attended(pool, kind, chunk: 1000, isFast: isFast).map(\.bitPattern)
                    for (pool, chunk) in [(pool, 17), (single, 1)] {
                        let cut = try sample.attended(pool, kind, chunk: chunk, isFast: isFast).map(\.bitPattern)
                        #expect(cut == whole, "\(pool.instructionSet) \(kind) fast \(isFast) chunk \(chunk)")
                    }
                }
            }
        }
    }

    /// The first tokens of a block, gathered and put back, are the same; for each number of them.
    @Test(arguments: [PackedMatrix.Kind.f32, .bf16])
    func aPrefixSurvivesGathering(_ kind: PackedMatrix.Kind) throws {
        var layout = ck_kv_layout(layers: 3, heads: 2, head_size: 16, kind: kind.rawValue)
        let block = try AlignedMemory(count: ck_kv_block_bytes(&layout))
        var random = RandomNumbers(seed: 6)
        for index in 0..<block.count { block.base.storeBytes(of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: index, as: UInt8.self) }
        for tokens in [1, 15, 16, 17, 100, 255, 256] {
            let length = ck_kv_prefix_bytes(&layout, Int64(tokens))
            var gathered = [UInt8](repeating: 0, count: length)
            ck_kv_gather(&layout, block.base, &gathered, Int64(tokens))
            let scattered = try AlignedMemory(count: block.count)
            ck_kv_scatter(&layout, gathered, scattered.base, Int64(tokens))
            let copied = try AlignedMemory(count: block.count)
            ck_kv_copy_prefix(&layout, block.base, copied.base, Int64(tokens))
            #expect(memcmp(scattered.base, copied.base, block.count) == 0, "\(tokens) tokens")
            var again = [UInt8](repeating: 0, count: length)
            ck_kv_gather(&layout, scattered.base, &again, Int64(tokens))
            #expect(again == gathered, "\(tokens) tokens")
            if tokens == 256 { #expect(memcmp(block.base, scattered.base, block.count) == 0) }
        }
    }
}
