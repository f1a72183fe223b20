import CKernels
import Checkpoint

/// The feed-forward layers that have experts, and their buffers. Not for two threads at once.
///
/// A row and one of its experts are a slot. Slots are computed by expert, those of one expert together, so that its weights are read once; the
/// sum of a row goes by the rank of its experts. So a row's result does not depend on the rows beside it.
final class ExpertPass {
    private let pool: OpaquePointer
    private let experts: Experts
    private let hiddenSize: Int
    private let epsilon: Float
    private let normed: AlignedMemory  // (rows, hidden)
    let logits: AlignedMemory  // (rows, experts), of the last layer that was added
    private let weights: AlignedMemory  // (rows, experts of a token)
    private let chosen: AlignedMemory  // (rows, experts of a token) of Int32
    /// Inputs of the slots, then their outputs.
    private let slots: AlignedMemory  // (slots, hidden)
    private let gate: AlignedMemory  // (slots, width)
    private let up: AlignedMemory  // (slots, width)
    private let products: Products

    init(_ model: LanguageModel, _ experts: Experts, rows: Int) throws(RuntimeError) {
        func floats(_ rows: Int, _ columns: Int) throws(RuntimeError) -> AlignedMemory { try AlignedMemory(count: rows * columns * 4) }
        pool = model.pool.handle
        self.experts = experts
        hiddenSize = model.configuration.hiddenSize
        epsilon = model.configuration.normEpsilon
        let slotCount = rows * experts.perToken
        normed = try floats(rows, hiddenSize)
        logits = try floats(rows, experts.count)
        weights = try floats(rows, experts.perToken)
        chosen = try floats(rows, experts.perToken)
        slots = try floats(slotCount, hiddenSize)
        gate = try floats(slotCount, experts.intermediateSize)
        up = try floats(slotCount, experts.intermediateSize)
        products = try Products(model, rows: slotCount, columns: max(hiddenSize, experts.intermediateSize))
    }

    /// Adds the layer's result to `hidden`.
    func add(_ router: PackedMatrix, _ matrices: [Weights.Gated], norm: [Float], hidden: UnsafeMutablePointer<Float>, rows: Int) {
        ck_rms_norm(pool, hidden, norm, normed.floats, Int64(hiddenSize), Int64(rows), epsilon)
        choose(router, rows)
        let groups = SlotGroups(
            UnsafeBufferPointer(start: chosen.base.assumingMemoryBound(to: Int32.self), count: rows * experts.perToken), experts: experts.count)
        takeInputs(groups, rows)
        let width = experts.intermediateSize
        // One row needs no copy for each of its experts.
        products.multiply(
            groups.runs.flatMap { run -> [Product] in
                let taken = rows == 1 ? 0..<1 : run.slots
                return [
                    Product(matrix: matrices[run.expert].gate, output: gate.floats + run.slots.lowerBound * width, rows: taken),
                    Product(matrix: matrices[run.expert].up, output: up.floats + run.slots.lowerBound * width, rows: taken),
                ]
            })
        guard let first = groups.runs.first else { return }
        products.takeGated(gate.floats, up.floats, rows: groups.places.count, columns: width, for: matrices[first.expert].down)
        products.multiply(
            groups.runs.map { run in
                Product(matrix: matrices[run.expert].down, output: slots.floats + run.slots.lowerBound * hiddenSize, rows: run.slots)
            })
        ck_mix_experts(
            pool, slots.floats, groups.places, weights.floats, Int64(rows), Int64(experts.perToken), Int64(hiddenSize), hidden)
    }

    /// In f32 always: a rounded logit could choose another expert.
    private func choose(_ router: PackedMatrix, _ rows: Int) {
        var matrix = router.descriptor
        ck_matmul(pool, &matrix, normed.floats, Int64(hiddenSize), logits.floats, Int64(experts.count), Int64(rows), false)
        ck_choose_experts(
            logits.floats, Int64(rows), Int64(experts.count), Int64(experts.perToken), experts.normalisesWeights,
            chosen.base.assumingMemoryBound(to: Int32.self), weights.floats)
    }

    private func takeInputs(_ groups: SlotGroups, _ rows: Int) {
        guard rows > 1 else { return products.take(normed.floats, rows: 1, columns: hiddenSize) }
        ck_spread_rows(pool, normed.floats, groups.places, Int64(rows), Int64(experts.perToken), Int64(hiddenSize), slots.floats)
        products.take(slots.floats, rows: groups.places.count, columns: hiddenSize)
    }
}

/// Slots in the order of their experts; of one expert, in the order of the rows.
struct SlotGroups {
    struct Run: Equatable {
        var expert: Int
        var slots: Range<Int>
    }

    /// Experts that somebody chose.
    let runs: [Run]
    /// Where each slot is, by row and rank.
    let places: [Int64]

    /// - Parameter chosen: experts by row and rank, each from 0 to `experts` - 1.
    init(_ chosen: UnsafeBufferPointer<Int32>, experts: Int) {
        var ends = [Int](repeating: 0, count: experts)
        for expert in chosen { ends[Int(expert)] += 1 }
        var runs: [Run] = []
        var next = 0
        for expert in 0..<experts {
            let count = ends[expert]
            if count > 0 { runs.append(Run(expert: expert, slots: next..<next + count)) }
            ends[expert] = next
            next += count
        }
        self.runs = runs
        places = chosen.map { expert in
            defer { ends[Int(expert)] += 1 }
            return Int64(ends[Int(expert)])
        }
    }
}
