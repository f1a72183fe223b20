import CKernels
import Checkpoint

/// How exactly is computed.
public enum Precision: String, Sendable, CaseIterable {
    /// In f32, keys and values too, as the oracles compute.
    case reference
    /// Keys and values in bf16, as models are trained: half the memory and disk. Where the CPU has the instructions, activations are rounded to
    /// bytes for quantised weights and to bf16 for bf16 weights.
    case fast
}

/// A model in memory, ready to compute. Weights are shared and immutable; `ForwardPass` has what a computation changes.
public final class LanguageModel: Sendable {
    public let configuration: ModelConfiguration
    public let precision: Precision
    /// SHA-256 of the checkpoint's shape, layout and every weight: two models with the same one compute the same.
    public let fingerprint: String
    public var instructionSet: InstructionSet { pool.instructionSet }
    let weights: Weights
    let pool: KernelPool
    let layout: ck_kv_layout
    let ropeFrequencies: [Float]
    /// The weights came from a `PackedFile`, not from the checkpoint's own files.
    let isFromPackedFile: Bool

    public var vocabularySize: Int { configuration.vocabularySize }
    public var threads: Int { pool.threads }
    /// Bytes of the packed weights.
    public var weightBytes: Int { weights.bytes }

    /// Loads the checkpoint in `directory`; see `init(checkpoint:precision:threads:instructionSet:)`.
    public convenience init(
        directory: String, precision: Precision = .fast, threads: Int? = nil, instructionSet: InstructionSet? = nil,
        onPercent: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(RuntimeError) {
        try self.init(
            checkpoint: try Checkpoint.read(directory), precision: precision, threads: threads, instructionSet: instructionSet, onPercent: onPercent)
    }

    /// Reads and packs all weights of `checkpoint`. `threads`: of the kernels; all cores that the process may use where nil.
    /// `instructionSet`: the best of this CPU where nil. `onPercent`: told how much of the weights' bytes is read and packed, as `LoadProgress`
    /// says; on the caller's thread.
    public convenience init(
        checkpoint: Checkpoint, precision: Precision = .fast, threads: Int? = nil, instructionSet: InstructionSet? = nil,
        onPercent: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(RuntimeError) {
        try self.init(
            checkpoint: checkpoint, precision: precision, threads: threads, instructionSet: instructionSet, packedFile: nil, onPercent: onPercent)
    }

    /// Reads the weights from `packedFile` where that is there and good.
    init(
        checkpoint: Checkpoint, precision: Precision, threads: Int?, instructionSet: InstructionSet?, packedFile: PackedFile?,
        onPercent: @escaping @Sendable (Int) -> Void
    ) throws(RuntimeError) {
        let it = checkpoint.configuration
        guard it.headSize % 16 == 0 else {
            throw RuntimeError("`head_dim` \(it.headSize) is not a multiple of 16", hint: "such a model is not supported", file: checkpoint.directory)
        }
        configuration = it
        ropeFrequencies = RopeFrequencies.of(it)
        self.precision = precision
        pool = try KernelPool(threads: threads, instructionSet: instructionSet)
        // A file that turns out to be bad halfway is no reason to count again from nothing.
        var told = 0
        let packed = try packedFile?.read(threads: pool.threads) { percent in
            told = percent
            onPercent(percent)
        }
        let toldBefore = told
        isFromPackedFile = packed != nil
        if let packed {
            weights = packed
        } else {
            weights = try WeightLoader(checkpoint) { percent in if percent > toldBefore { onPercent(percent) } }.load()
        }
        fingerprint = checkpoint.fingerprint + ":" + weights.digest
        layout = ck_kv_layout(
            layers: Int32(it.layers), heads: Int32(it.keyValueHeads), head_size: Int32(it.headSize),
            kind: precision == .reference ? PackedMatrix.Kind.f32.rawValue : PackedMatrix.Kind.bf16.rawValue)
    }

    /// Bytes of a block of `blockTokens` tokens.
    var blockBytes: Int { withUnsafePointer(to: layout) { ck_kv_block_bytes($0) } }

    /// Tokens of a block of keys and values.
    public static let blockTokens = 256
}
