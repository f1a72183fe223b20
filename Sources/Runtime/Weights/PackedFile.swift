import Checkpoint
import Crypto
import Glibc
import JSON

/// A checkpoint's weights in the kernels' layout, as a file in the cache directory: what a start reads in place of the checkpoint, in several
/// threads and without packing.
///
/// Valid while every weight file has the size and the times that it had, and the checkpoint the fingerprint: then the digest of the
/// weights is the one that was computed when they were read. Whatever else is found in its place is not used. One file for each
/// model directory; a new one takes the place of the old.
struct PackedFile: Sendable {
    let path: String
    /// What must be found in the header: layout, checkpoint, weight files, sizes.
    let identity: JSON
    let arenaBytes: Int
    let vectorCount: Int
    /// Each part has a checksum; the last may be shorter.
    let partBytes: Int
    private let checkpoint: Checkpoint

    /// A new one with each change of the layout of matrices, or of their order.
    static let format = "anyclaude-weights/v1"
    /// Smaller checkpoints are packed as fast as the file would be read.
    static let smallest = 256 << 20

    /// - Returns: nil where no file would be worth its place, or the weight files cannot be examined.
    init?(directory: String, checkpoint: Checkpoint, smallest: Int = Self.smallest, partBytes: Int = PackedParts.usualSize) {
        guard checkpoint.weightBytes >= smallest else { return nil }
        var sources: [JSON] = []
        for file in checkpoint.weightFiles {
            var status = stat()
            guard stat(file, &status) == 0 else { return nil }
            // The time of the last change of the inode too: whoever replaces a file can set back only the other.
            sources.append(
                .array(
                    [Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
                        .map { .integer($0) }))
        }
        self.checkpoint = checkpoint
        self.partBytes = partBytes
        arenaBytes = PackedMatrix.bytes(of: checkpoint.weights)
        vectorCount = checkpoint.weights.vectors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        identity = [
            "format": .string(Self.format), "checkpoint": .string(checkpoint.fingerprint), "files": .array(sources),
            "arena_bytes": .integer(arenaBytes), "vectors": .integer(vectorCount), "part_bytes": .integer(partBytes),
        ]
        let name = SHA256.hash(data: Array(checkpoint.directory.utf8)).prefix(8).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        path = "\(directory)/weights-\(name.joined()).packed"
    }

    /// Whether the weight files are still those that this was made for.
    var isCurrent: Bool {
        guard let now = PackedFile(directory: "", checkpoint: checkpoint, smallest: 0, partBytes: partBytes) else { return false }
        return now.identity == identity
    }

    // MARK: Reading

    /// - Parameter onPercent: as `LoadProgress` says, on the caller's thread.
    /// - Returns: nil where there is no such file, or any part of it is not what was written.
    func read(threads: Int, onPercent: @escaping (Int) -> Void) throws(RuntimeError) -> Weights? {
        guard let file = try? InputFile(path),
            let header = PackedHeader(reading: file, identity: identity, payload: payloadBytes, partBytes: partBytes)
        else {
            return nil
        }
        let arena = try AlignedMemory(count: arenaBytes)
        let vectors = try AlignedMemory(count: vectorCount * 4)
        let parts = PackedParts(regions: [(arena.base, arenaBytes), (vectors.base, vectorCount * 4)], start: header.size, size: partBytes)
        guard parts.read(file, checksums: header.checksums, threads: threads, onPercent: onPercent) else { return nil }
        var assembly = WeightAssembly(filling: VectorSlices(vectors: vectors), arena: arena)
        guard var weights = try? assembly.assemble(checkpoint.weights) else { return nil }
        weights.digest = header.digest
        return weights
    }

    var checkpointDirectory: String { checkpoint.directory }
    var payloadBytes: Int { arenaBytes + vectorCount * 4 }

    /// Matrices lie in the arena already; vectors follow each other.
    private struct VectorSlices: WeightFilling {
        let vectors: AlignedMemory
        private var used = 0

        init(vectors: AlignedMemory) { self.vectors = vectors }

        mutating func fill(_ packed: PackedMatrix, with info: MatrixInfo) {}

        mutating func vector(_ tensor: TensorInfo) -> [Float] {
            let count = tensor.shape.reduce(1, *)
            defer { used += count }
            return Array(UnsafeBufferPointer(start: vectors.floats + used, count: count))
        }
    }
}
