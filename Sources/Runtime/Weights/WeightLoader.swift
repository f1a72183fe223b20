import CKernels
import Checkpoint
import Crypto

/// Reads a checkpoint's tensors once, in order, and packs them. No second copy stays behind, in the page cache either.
struct WeightLoader: WeightFilling {
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

    func load() throws(RuntimeError) -> Weights {
        do throws(CheckpointError) {
            var assembly = WeightAssembly(filling: self, arena: try WeightAssembly<Self>.arena(checkpoint))
            var weights = try assembly.assemble(checkpoint.weights)
            weights.digest = assembly.filling.digest()
            return weights
        } catch {
            throw RuntimeError(error.message, hint: error.hint, file: error.file)
        }
    }

    // MARK: One tensor

    mutating func fill(_ packed: PackedMatrix, with info: MatrixInfo) throws(CheckpointError) {
        switch info.source {
        case .dense(let tensor): try pack(tensor, info, packed)
        case .affine(let weight, let scales, let biases, let scheme):
            try pack(weight, info, packed)
            for (tensor, isBias) in [(scales, false), (biases, true)] {
                try readRows(of: tensor, rows: info.rows) { source, first, count in
                    ck_pack_scales(
                        packed.scaleKind.rawValue, Self.source(tensor.type), source, first, count, Int64(info.columns / scheme.groupSize), isBias,
                        packed.scales)
                }
            }
        }
    }

    private mutating func pack(_ tensor: TensorInfo, _ info: MatrixInfo, _ packed: PackedMatrix) throws(CheckpointError) {
        try readRows(of: tensor, rows: info.rows) { source, first, count in
            ck_pack_rows(packed.kind.rawValue, Self.source(tensor.type), source, first, count, Int64(info.columns), packed.data)
        }
    }

    mutating func vector(_ tensor: TensorInfo) throws(CheckpointError) -> [Float] {
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

    private func digest() -> String {
        hash.finalize().map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }

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
