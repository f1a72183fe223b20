import CKernels
import Checkpoint

/// Consecutive tokens of one sequence that are computed in one pass.
struct BatchSpan {
    /// Blocks of keys and values of the whole sequence, up to the last of `tokens`; those that are written belong to this sequence alone.
    var blocks: [AlignedMemory]
    /// Position of the first token.
    var start: Int
    var tokens: ArraySlice<Int32>
    var logits: Logits

    enum Logits { case none, last, all }

    /// Rows that want logits.
    var logitRows: Int {
        switch logits {
        case .none: 0
        case .last: 1
        case .all: tokens.count
        }
    }
}

/// The computation of a batch, and its buffers. Used by one thread at a time.
///
/// A row's result depends on its own sequence only: not on the other rows, nor on how a prompt is cut into spans.
final class ForwardPass {
    private let model: LanguageModel
    private var buffers: Buffers?

    init(_ model: LanguageModel) { self.model = model }

    /// What the router of the last layer that has experts said of each row of the last batch: (rows, experts). Nil before any, and where every
    /// layer is dense.
    var routerLogits: UnsafePointer<Float>? { buffers?.experts.map { UnsafePointer($0.logits.floats) } }

    /// Rows of logits that there is memory for.
    var logitRows: Int { buffers?.logitRows ?? 0 }

    /// Computes all spans, stores their keys and values, and gives the logits of the rows that want them, in order, to `body`:
    /// (rows, vocabulary), valid within it.
    func run<R>(_ spans: [BatchSpan], _ body: (UnsafeMutablePointer<Float>, _ rows: Int) throws(RuntimeError) -> R) throws(RuntimeError) -> R {
        let rows = spans.reduce(0) { $0 + $1.tokens.count }
        let wanted = Self.rowsWithLogits(spans)
        let buffers = try reserve(rows: rows, logitRows: wanted.count)
        embed(spans, buffers)
        rotations(spans, rows, buffers)
        try model.pool.takingTurn { () throws(RuntimeError) in
            try withSpans(spans) { (spans) throws(RuntimeError) in
                for index in model.weights.layers.indices { try layer(index, spans, rows, buffers) }
            }
            output(wanted, buffers)
        }
        return try body(buffers.logits.floats, wanted.count)
    }

    // MARK: Stages

    private func embed(_ spans: [BatchSpan], _ buffers: Buffers) {
        var matrix = model.weights.embedding.descriptor
        var row = 0
        for token in spans.lazy.flatMap(\.tokens) {
            ck_matrix_row(&matrix, Int64(token), buffers.hidden.floats + row * model.configuration.hiddenSize)
            row += 1
        }
    }

    private func rotations(_ spans: [BatchSpan], _ rows: Int, _ buffers: Buffers) {
        let positions = spans.flatMap { span in (span.start..<span.start + span.tokens.count).map(Int64.init) }
        ck_rope_table(
            positions, Int64(rows), Int32(model.ropeFrequencies.count), model.ropeFrequencies, buffers.cosines.floats, buffers.sines.floats)
    }

    private func layer(_ index: Int, _ spans: UnsafeBufferPointer<ck_span>, _ rows: Int, _ buffers: Buffers) throws(RuntimeError) {
        let it = model.configuration
        let layer = model.weights.layers[index]
        let pool = model.pool.handle
        var layout = model.layout
        let products = buffers.products
        products.takeNorm(
            of: buffers.hidden.floats, layer.inputNorm, epsilon: it.normEpsilon, floats: buffers.normed.floats, rows: rows, for: layer.query)
        let isBiased = layer.biases != nil
        if let biases = layer.biases {
            Self.fill(buffers.query.floats, with: biases.query, rows: rows)
            Self.fill(buffers.key.floats, with: biases.key, rows: rows)
            Self.fill(buffers.value.floats, with: biases.value, rows: rows)
        }
        products.multiply([
            Product(matrix: layer.query, output: buffers.query.floats, accumulate: isBiased),
            Product(matrix: layer.key, output: buffers.key.floats, accumulate: isBiased),
            Product(matrix: layer.value, output: buffers.value.floats, accumulate: isBiased),
        ])
        ck_store_keys_values(
            pool, &layout, Int32(index), spans.baseAddress, Int64(spans.count), buffers.query.floats, buffers.key.floats,
            buffers.value.floats, Int32(it.attentionHeads), layer.headNorms?.query, layer.headNorms?.key, it.normEpsilon, buffers.cosines.floats,
            buffers.sines.floats)
        let attended = ck_attention(
            pool, &layout, Int32(index), spans.baseAddress, Int64(spans.count), buffers.query.floats, buffers.mixed.floats,
            Int32(it.attentionHeads), model.precision == .fast)
        guard attended else { throw RuntimeError("no memory for attention scores", hint: "a smaller context window needs less") }
        products.take(buffers.mixed.floats, rows: rows, columns: it.querySize)
        products.multiply([Product(matrix: layer.attentionOutput, output: buffers.hidden.floats, accumulate: true)])
        switch layer.feedForward {
        case .dense(let one): dense(one, norm: layer.feedForwardNorm, rows, buffers)
        case .experts(let router, let experts):
            buffers.experts?.add(router, experts, norm: layer.feedForwardNorm, hidden: buffers.hidden.floats, rows: rows)
        }
    }

    private func dense(_ matrices: Weights.Gated, norm: [Float], _ rows: Int, _ buffers: Buffers) {
        let it = model.configuration
        let products = buffers.products
        products.takeNorm(
            of: buffers.hidden.floats, norm, epsilon: it.normEpsilon, floats: buffers.normed.floats, rows: rows, for: matrices.gate)
        products.multiply([
            Product(matrix: matrices.gate, output: buffers.gate.floats), Product(matrix: matrices.up, output: buffers.up.floats),
        ])
        products.takeGated(buffers.gate.floats, buffers.up.floats, rows: rows, columns: it.intermediateSize, for: matrices.down)
        products.multiply([Product(matrix: matrices.down, output: buffers.hidden.floats, accumulate: true)])
    }

    private static func fill(_ output: UnsafeMutablePointer<Float>, with bias: [Float], rows: Int) {
        for row in 0..<rows {
            bias.withUnsafeBufferPointer {
                _ = UnsafeMutableBufferPointer(start: output + row * bias.count, count: bias.count).update(fromContentsOf: $0)
            }
        }
    }

    private func output(_ wanted: [Int], _ buffers: Buffers) {
        let it = model.configuration
        for (place, row) in wanted.enumerated() {
            ck_rms_norm(
                model.pool.handle, buffers.hidden.floats + row * it.hiddenSize, model.weights.finalNorm,
                buffers.normed.floats + place * it.hiddenSize, Int64(it.hiddenSize), 1, it.normEpsilon)
        }
        buffers.products.take(buffers.normed.floats, rows: wanted.count, columns: it.hiddenSize)
        buffers.products.multiply([Product(matrix: model.weights.output ?? model.weights.embedding, output: buffers.logits.floats)])
    }

    // MARK: Bookkeeping

    private static func rowsWithLogits(_ spans: [BatchSpan]) -> [Int] {
        var wanted: [Int] = []
        var row = 0
        for span in spans {
            switch span.logits {
            case .none: break
            case .last: wanted.append(row + span.tokens.count - 1)
            case .all: wanted.append(contentsOf: row..<row + span.tokens.count)
            }
            row += span.tokens.count
        }
        return wanted
    }

    private func withSpans(_ spans: [BatchSpan], _ body: (UnsafeBufferPointer<ck_span>) throws(RuntimeError) -> Void) throws(RuntimeError) {
        let pointers: [UnsafeMutableRawPointer?] = spans.flatMap { span in span.blocks.map(\.base) }
        var failure: RuntimeError?
        pointers.withUnsafeBufferPointer { table in
            guard let base = table.baseAddress else { return }
            var described: [ck_span] = []
            var row = 0
            var block = 0
            for span in spans {
                described.append(ck_span(blocks: base + block, start: Int64(span.start), count: Int64(span.tokens.count), row: Int64(row)))
                row += span.tokens.count
                block += span.blocks.count
            }
            described.withUnsafeBufferPointer { spans in
                do throws(RuntimeError) { try body(spans) } catch { failure = error }
            }
        }
        // The kernels hold addresses that the compiler does not see.
        withExtendedLifetime(spans) {}
        if let failure { throw failure }
    }

    private func reserve(rows: Int, logitRows: Int) throws(RuntimeError) -> Buffers {
        if let buffers, buffers.rows >= rows, buffers.logitRows >= logitRows { return buffers }
        let (most, mostLogits) = (max(rows, buffers?.rows ?? 0), max(logitRows, buffers?.logitRows ?? 0))
        // Not both at once: the estimate counts one.
        buffers = nil
        let made = try Buffers(model, rows: most, logitRows: mostLogits)
        buffers = made
        return made
    }
}

/// Activations of so many rows.
private struct Buffers {
    let rows: Int
    let logitRows: Int
    let hidden: AlignedMemory  // (rows, hidden): the residual stream
    let normed: AlignedMemory  // (rows, hidden)
    let query: AlignedMemory  // (rows, heads * head)
    let key: AlignedMemory  // (rows, kv heads * head)
    let value: AlignedMemory  // (rows, kv heads * head)
    let mixed: AlignedMemory  // (rows, heads * head)
    let gate: AlignedMemory  // (rows, intermediate)
    let up: AlignedMemory  // (rows, intermediate)
    let cosines: AlignedMemory  // (rows, head / 2)
    let sines: AlignedMemory  // (rows, head / 2)
    let logits: AlignedMemory  // (logit rows, vocabulary)
    let products: Products
    /// Nil where every layer is dense.
    let experts: ExpertPass?

    init(_ model: LanguageModel, rows: Int, logitRows: Int) throws(RuntimeError) {
        let it = model.configuration
        func floats(_ rows: Int, _ columns: Int) throws(RuntimeError) -> AlignedMemory { try AlignedMemory(count: rows * columns * 4) }
        self.rows = rows
        self.logitRows = logitRows
        hidden = try floats(rows, it.hiddenSize)
        normed = try floats(max(rows, logitRows), it.hiddenSize)
        query = try floats(rows, it.querySize)
        key = try floats(rows, it.keyValueSize)
        value = try floats(rows, it.keyValueSize)
        mixed = try floats(rows, it.querySize)
        let width = it.hasDenseLayers ? it.intermediateSize : 0
        gate = try floats(rows, width)
        up = try floats(rows, width)
        cosines = try floats(rows, it.headSize / 2)
        sines = try floats(rows, it.headSize / 2)
        logits = try floats(logitRows, it.vocabularySize)
        products = try Products(model, rows: max(rows, logitRows), columns: max(it.hiddenSize, it.querySize, width))
        experts = try it.experts.map { (experts) throws(RuntimeError) in try ExpertPass(model, experts, rows: rows) }
    }
}
