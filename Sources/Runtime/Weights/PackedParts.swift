import CKernels
import Checkpoint
import Synchronization

/// The payload of a packed file, in parts of equal size: some regions of memory, one behind the other.
struct PackedParts: @unchecked Sendable {
    static let usualSize = 16 << 20
    private let size: Int
    private let regions: [(base: UnsafeMutableRawPointer, count: Int)]
    /// Where the payload begins in the file.
    private let start: Int

    /// Who uses this keeps the regions.
    init(regions: [(UnsafeMutableRawPointer, Int)], start: Int, size: Int) {
        self.size = size
        self.regions = regions.map { (base: $0.0, count: $0.1) }
        self.start = start
    }

    static func count(_ bytes: Int, size: Int) -> Int { (bytes + size - 1) / size }
    private var bytes: Int { regions.reduce(0) { $0 + $1.count } }
    var count: Int { Self.count(bytes, size: size) }

    func range(_ part: Int) -> Range<Int> { start + part * size..<start + min((part + 1) * size, bytes) }

    /// The memory of a part: it may go over the end of a region.
    func pieces(_ part: Int) -> [UnsafeMutableRawBufferPointer] {
        var pieces: [UnsafeMutableRawBufferPointer] = []
        var before = 0
        let wanted = part * size..<min((part + 1) * size, bytes)
        for region in regions {
            let own = wanted.clamped(to: before..<before + region.count)
            if !own.isEmpty { pieces.append(UnsafeMutableRawBufferPointer(start: region.base + (own.lowerBound - before), count: own.count)) }
            before += region.count
        }
        return pieces
    }

    func checksum(_ part: Int) -> UInt32 { pieces(part).reduce(0) { ck_crc32c($0, $1.baseAddress, $1.count) } }

    // MARK: Reading

    private final class Reading: Sendable {
        let next = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let isBad = Atomic<Bool>(false)
    }

    /// Reads all parts, the caller's thread and `threads` - 1 others each the next one; they have ended when this returns.
    /// - Returns: false where one of them cannot be read, or is not what was written.
    func read(_ file: borrowing InputFile, checksums: [UInt32], threads: Int, onPercent: (Int) -> Void) -> Bool {
        let state = Reading()
        let path = file.path
        let helpers = (1..<max(min(threads, count), 1)).compactMap { _ in
            try? WorkerThread(name: "read") {
                guard let file = try? InputFile(path) else { return }
                while readNext(file, checksums, state) {}
            }
        }
        var progress = LoadProgress(total: bytes)
        var seen = 0
        func tell() {
            let done = state.done.load(ordering: .relaxed)
            if let percent = progress.add(done - seen, at: .now) { onPercent(percent) }
            seen = done
        }
        while readNext(file, checksums, state) { tell() }
        helpers.forEach { $0.join() }
        tell()
        return !state.isBad.load(ordering: .relaxed) && state.done.load(ordering: .relaxed) == bytes
    }

    /// False where nothing is left to do.
    private func readNext(_ file: borrowing InputFile, _ checksums: [UInt32], _ state: Reading) -> Bool {
        let part = state.next.add(1, ordering: .relaxed).oldValue
        guard part < count, !state.isBad.load(ordering: .relaxed) else { return false }
        var offset = range(part).lowerBound
        do throws(CheckpointError) {
            for piece in pieces(part) {
                try file.read(into: piece, at: offset)
                offset += piece.count
            }
        } catch {
            state.isBad.store(true, ordering: .relaxed)
            return false
        }
        guard checksum(part) == checksums[part] else {
            state.isBad.store(true, ordering: .relaxed)
            return false
        }
        file.dropFromPageCache(range(part))
        state.done.add(range(part).count, ordering: .relaxed)
        return true
    }
}
