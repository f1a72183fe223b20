import CKernels
import Checkpoint
import Crypto

/// Reads a checkpoint's tensors once, in order, and packs them. No second copy stays behind, in the page cache either.
struct WeightLoader {
    private let checkpoint: Checkpoint
    private var hash = SHA256()
    private var path = ""
    private var file: FileBox?
    private var progress: LoadProgress
    private let onPercent: @Sendable (Int) -> Void

    /// Rows are read by so many bytes at a time.
    private static let chunkBytes = 16 << 20

    private final class FileBox {
        let file: InputFile
        init(_ path: String) throws(CheckpointError) { file = try InputFile(path) }
    }

    /// - Parameter onPercent: told how much of all weights is packed, as `LoadProgress` says.
    init(_ checkpoint: Checkpoint, onPercent: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.checkpoint = checkpoint
        self.onPercent = onPercent
        progress = LoadProgress(total: checkpoint.weightBytes)
    }

    mutating func load() throws(RuntimeError) -> Weights {
        do throws(CheckpointError) {
            return try loadAll()
        } catch {
            throw RuntimeError(error.message, hint: error.hint, file: error.file)
        }
    }

    private mutating func loadAll() throws(CheckpointError) -> Weights {
        let map = checkpoint.weights
        let embedding = try matrix(map.embedding)
        var layers: [Weights.Layer] = []
        for layer in map.layers {
            layers.append(
                Weights.Layer(
                    inputNorm: try vector(layer.inputNorm), query: try matrix(layer.query), key: try matrix(layer.key),
                    value: try matrix(layer.value), queryNorm: try vector(layer.queryNorm), keyNorm: try vector(layer.keyNorm),
                    attentionOutput: try matrix(layer.attentionOutput), feedForwardNorm: try vector(layer.feedForwardNorm),
                    gate: try matrix(layer.gate), up: try matrix(layer.up), down: try matrix(layer.down)))
        }
        let finalNorm = try vector(map.finalNorm)
        var output: PackedMatrix?
        if let matrixInfo = map.output { output = try matrix(matrixInfo) }
        let digest = hash.finalize().map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
        return Weights(embedding: embedding, layers: layers, finalNorm: finalNorm, output: output, digest: digest)
    }

    // MARK: One tensor

    private mutating func matrix(_ info: MatrixInfo) throws(CheckpointError) -> PackedMatrix {
        switch info.source {
        case .dense(let tensor):
            let kind: PackedMatrix.Kind = tensor.type == .bf16 ? .bf16 : .f32
            let packed = try make(info, kind: kind)
            try readRows(of: tensor, rows: info.rows) { source, first, count in
                ck_pack_rows(kind.rawValue, Self.source(tensor.type), source, first, count, Int64(info.columns), packed.data.base)
            }
            return packed
        case .affine(let weight, let scales, let biases, let scheme):
            let kind: PackedMatrix.Kind = scheme.bits == 8 ? .q8 : .q4
            let scaleKind: PackedMatrix.Kind = scales.type == .bf16 ? .bf16 : .f32
            let packed = try make(info, kind: kind, group: scheme.groupSize, scaleKind: scaleKind)
            try readRows(of: weight, rows: info.rows) { source, first, count in
                ck_pack_rows(kind.rawValue, Self.source(weight.type), source, first, count, Int64(info.columns), packed.data.base)
            }
            for (tensor, isBias) in [(scales, false), (biases, true)] {
                try readRows(of: tensor, rows: info.rows) { source, first, count in
                    ck_pack_scales(
                        scaleKind.rawValue, Self.source(tensor.type), source, first, count, Int64(info.columns / scheme.groupSize), isBias,
                        packed.scales?.base)
                }
            }
            return packed
        }
    }

    private func make(
        _ info: MatrixInfo, kind: PackedMatrix.Kind, group: Int = 0, scaleKind: PackedMatrix.Kind = .f32
    ) throws(CheckpointError) -> PackedMatrix {
        do throws(RuntimeError) {
            return try PackedMatrix(rows: info.rows, columns: info.columns, kind: kind, group: group, scaleKind: scaleKind)
        } catch {
            throw CheckpointError("`\(info.name)`: \(error.message)", hint: error.hint, file: checkpoint.directory)
        }
    }

    private mutating func vector(_ tensor: TensorInfo) throws(CheckpointError) -> [Float] {
        var values = [Float](repeating: 0, count: tensor.shape.reduce(1, *))
        let bytes = try open(tensor.file).file.read(count: tensor.range.count, at: tensor.range.lowerBound)
        bytes.withUnsafeBytes { digest($0) }
        bytes.withUnsafeBytes { ck_widen(Self.source(tensor.type), $0.baseAddress, &values, Int64(values.count)) }
        packed(bytes.count)
        return values
    }

    /// Gives the rows in runs that start at a multiple of 16.
    private mutating func readRows(
        of tensor: TensorInfo, rows: Int, _ pack: (UnsafeRawPointer, _ first: Int64, _ count: Int64) -> Void
    ) throws(CheckpointError) {
        let box = try open(tensor.file)
        let rowBytes = tensor.range.count / max(rows, 1)
        let step = max(Self.chunkBytes / max(rowBytes, 1) / 16, 1) * 16
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(min(step, rows) * rowBytes, 1), alignment: 64)
        defer { buffer.deallocate() }
        for first in stride(from: 0, to: rows, by: step) {
            let count = min(step, rows - first)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count * rowBytes])
            try box.file.read(into: part, at: tensor.range.lowerBound + first * rowBytes)
            digest(UnsafeRawBufferPointer(part))
            if let base = part.baseAddress { pack(base, Int64(first), Int64(count)) }
            packed(part.count)
        }
        box.file.dropFromPageCache(tensor.range)
    }

    private mutating func packed(_ bytes: Int) { if let percent = progress.add(bytes, at: .now) { onPercent(percent) } }

    /// A CRC of each run goes into the digest: hashing every byte with SHA-256 would take longer than reading them.
    private mutating func digest(_ bytes: UnsafeRawBufferPointer) {
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            let count = min(1 << 20, bytes.count - start)
            var word = (UInt64(count) << 32 | UInt64(ck_crc32c(0, bytes.baseAddress.map { $0 + start }, count))).littleEndian
            withUnsafeBytes(of: &word) { hash.update(bufferPointer: $0) }
        }
    }

    private mutating func open(_ path: String) throws(CheckpointError) -> FileBox {
        if let file, self.path == path { return file }
        let box = try FileBox(path)
        file = box
        self.path = path
        return box
    }

    private static func source(_ type: DataType) -> Int32 {
        switch type {
        case .bf16: Int32(CK_SOURCE_BF16.rawValue)
        case .f16: Int32(CK_SOURCE_F16.rawValue)
        case .u32: Int32(CK_SOURCE_U32.rawValue)
        default: Int32(CK_SOURCE_F32.rawValue)
        }
    }
}
