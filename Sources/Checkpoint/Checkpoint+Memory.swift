/// Bytes of memory that the native runtime will hold.
public struct MemoryEstimate: Sendable, Equatable {
    /// The weights as they are packed for the kernels.
    public var weights: Int
    /// Keys and values of all slots at their full length.
    public var keysAndValues: Int
    /// Activations, logits and the process itself.
    public var overhead: Int

    public var total: Int { weights + keysAndValues + overhead }
}

extension Checkpoint {
    /// Bytes of all tensors that are used, as they are on disk.
    public var weightBytes: Int {
        weights.matrices.flatMap(\.tensors).reduce(0) { $0 + $1.range.count } + weights.vectors.reduce(0) { $0 + $1.range.count }
    }

    /// Bytes of keys and values of one token, over all layers. The runtime keeps two bytes an element (bf16), four in its reference precision.
    public func kvBytesPerToken(elementSize: Int = 2) -> Int {
        2 * configuration.layers * configuration.keyValueSize * elementSize
    }

    /// What the runtime needs for `slots` sequences of `contextTokens` each.
    ///
    /// Keys and values come in blocks of 256 tokens; packed matrices have a multiple of 16 rows, and f16 is widened to f32.
    public func memoryEstimate(contextTokens: Int, slots: Int) -> MemoryEstimate {
        let blocks = max(contextTokens - 1, 0) / 256 + 1
        return MemoryEstimate(
            weights: weights.matrices.reduce(0) { $0 + Self.packedBytes($1) } + weights.vectors.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) },
            keysAndValues: boundedProduct([max(slots, 1), blocks, 256, kvBytesPerToken()]),
            overhead: configuration.overheadBytes(batch: slots))
    }

    private static func packedBytes(_ matrix: MatrixInfo) -> Int {
        let rows = (matrix.rows + 15) / 16 * 16
        switch matrix.source {
        case .dense(let tensor):
            return tensor.type == .bf16 ? rows * ((matrix.columns + 1) / 2) * 4 : rows * matrix.columns * 4
        case .affine(_, let scales, _, let scheme):
            let groupBytes = 2 * (scales.type == .bf16 ? 2 : 4)
            return rows * matrix.columns * scheme.bits / 8 + rows * (matrix.columns / scheme.groupSize) * groupBytes
        }
    }
}

extension ModelConfiguration {
    /// What the runtime holds besides weights, keys and values while it computes `batch` requests together: activations of a chunk of 512
    /// tokens, of the answers' rows beside it and of their experts, each in f32 and as the products take them, the rows' logits, and the process
    /// itself.
    public func overheadBytes(batch: Int, proposed: Int = AnswerRows.proposed, streams: Int = AnswerRows.streams) -> Int {
        let width = hasDenseLayers ? intermediateSize : 0
        var perToken = 4 * (3 * hiddenSize + 2 * querySize + 2 * keyValueSize + 2 * width) + Self.formBytes(max(hiddenSize, querySize, width))
        if let experts {
            let perSlot = 4 * (hiddenSize + 2 * experts.intermediateSize) + Self.formBytes(max(hiddenSize, experts.intermediateSize))
            perToken += 4 * (hiddenSize + experts.count) + boundedProduct([experts.perToken, perSlot])
        }
        let rows = AnswerRows.most(batch: batch, proposed: proposed, streams: streams)
        return boundedProduct([rows, vocabularySize, 4]) + boundedProduct([512 + rows, perToken]) + (48 << 20)
    }

    /// A row of activations as two bytes a column, with two scales for 32 columns, and as bf16.
    private static func formBytes(_ columns: Int) -> Int { columns * 2 + columns / 4 + columns * 2 }
}

/// How many rows of a step are of answers. Each has logits of its own: the next token's of each answer, and those of the tokens that are proposed
/// after it while few answers run.
public enum AnswerRows {
    /// Tokens that the runtime proposes at most for an answer, and answers at once that it proposes any for, where its settings say nothing else.
    public static let proposed = 7
    public static let streams = 2

    public static func most(batch: Int, proposed: Int = proposed, streams: Int = streams) -> Int {
        let batch = min(max(batch, 1), mostBytes)
        return max(batch, boundedProduct([min(batch, max(streams, 0)), min(max(proposed, 0), mostBytes) + 1]))
    }
}

/// How many blocks of keys and values the runtime holds, live and kept together: those of `batch` full windows, as far as there is room, and
/// never less than one window, without which nothing could be answered.
public enum ContextRoom {
    /// - Parameter room: bytes for keys and values; nil where nothing bounds them.
    public static func blocks(window: Int, batch: Int, blockBytes: Int, room: Int?) -> Int {
        let (wanted, overflows) = window.multipliedReportingOverflow(by: max(batch, 1))
        return max(window, min(overflows ? .max : wanted, room.map { max($0, 0) / max(blockBytes, 1) } ?? .max))
    }
}

/// More than any machine has; what is beyond is not told apart, so that sums of a few such numbers are numbers still.
private let mostBytes = 1 << 60

private func boundedProduct(_ factors: [Int]) -> Int {
    factors.reduce(1) { product, factor in
        let (next, overflows) = product.multipliedReportingOverflow(by: factor)
        return overflows ? mostBytes : min(next, mostBytes)
    }
}
