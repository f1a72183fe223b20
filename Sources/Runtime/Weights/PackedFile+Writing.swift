import Checkpoint
import Glibc

extension PackedFile {
    /// Disk that stays free beside the file.
    private static let spareBytes = 1 << 30
    /// So many parts are on disk before the next ones are written: the page cache is for others.
    private static let partsBetweenSyncs = 8

    /// Writes the file beside its place and puts it there when it is whole. Whoever finds another process writing leaves it to that one.
    ///
    /// - Parameter freeBytes: of the file system, where the test is not asked to believe it.
    func write(_ weights: Weights, freeBytes: Int? = nil) throws(RuntimeError) {
        try SegmentDirectory.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        let temporary = path + ".tmp"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isStill(temporary, descriptor) else { return }
        do throws(RuntimeError) {
            try writeAll(weights, descriptor, freeBytes: freeBytes)
            // Weights that were changed meanwhile are not those of the digest, perhaps.
            guard isCurrent else { throw RuntimeError("the checkpoint was changed while its weights were read", file: checkpointDirectory) }
            guard rename(temporary, path) == 0 else { throw failure("rename", temporary) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Not the file that another process has finished and renamed since it was opened here.
    private func isStill(_ path: String, _ descriptor: CInt) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private func writeAll(_ weights: Weights, _ descriptor: CInt, freeBytes: Int?) throws(RuntimeError) {
        guard ftruncate(descriptor, 0) == 0 else { throw failure("empty", path + ".tmp") }
        let text = PackedHeader.text(identity: identity, digest: weights.digest)
        let start = PackedHeader.size(text: text.count, parts: PackedParts.count(payloadBytes, size: partBytes))
        let free = freeBytes ?? Self.freeBytes(descriptor)
        guard free - start - payloadBytes >= Self.spareBytes else {
            throw RuntimeError(
                "\(free) bytes are free, the packed weights take \(start + payloadBytes) and leave \(Self.spareBytes) at least", file: path)
        }
        let vectors = try AlignedMemory(count: vectorCount * 4)
        var used = 0
        for vector in weights.vectors {
            vector.withUnsafeBufferPointer { if let base = $0.baseAddress { (vectors.floats + used).update(from: base, count: vector.count) } }
            used += vector.count
        }
        let parts = PackedParts(regions: [(weights.arena.base, arenaBytes), (vectors.base, vectorCount * 4)], start: start, size: partBytes)
        var checksums: [UInt32] = []
        for part in 0..<parts.count {
            checksums.append(parts.checksum(part))
            var offset = parts.range(part).lowerBound
            for piece in parts.pieces(part) {
                try write(UnsafeRawBufferPointer(piece), descriptor, at: offset)
                offset += piece.count
            }
            if part % Self.partsBetweenSyncs == Self.partsBetweenSyncs - 1 || part == parts.count - 1 { try sync(descriptor) }
        }
        let header = PackedHeader.bytes(text: text, checksums: checksums)
        let result = header.withUnsafeBytes { bytes in Result { () throws(RuntimeError) in try write(bytes, descriptor, at: 0) } }
        try result.get()
        try sync(descriptor)
        withExtendedLifetime((weights, vectors)) {}
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ descriptor: CInt, at offset: Int) throws(RuntimeError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path + ".tmp") }
            done += count
        }
    }

    private func sync(_ descriptor: CInt) throws(RuntimeError) {
        guard fdatasync(descriptor) == 0 else { throw failure("write", path + ".tmp") }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    private static func freeBytes(_ descriptor: CInt) -> Int {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else { return 0 }
        let (bytes, overflows) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflows ? .max : bytes
    }

    private func failure(_ action: String, _ file: String) -> RuntimeError {
        RuntimeError("cannot \(action): \(String(cString: strerror(errno)))", file: file)
    }
}
