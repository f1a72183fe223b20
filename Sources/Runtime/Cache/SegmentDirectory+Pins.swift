import CKernels
import Glibc

/// The pinned prefixes of a namespace: a small file beside the segments, replaced as a whole.
///
///     0 magic   4 count   8 crc (of the keys)   12 keys, 32 bytes each; little-endian
extension SegmentDirectory {
    private static let magic: UInt32 = 0x314E_504B
    private static let mostPins = 1 << 16

    /// In the order of their last use; none where there is no file, or it is not what was written.
    func readPins() -> [BlockKey] {
        let descriptor = open(path + "/pins", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, (12...12 + Self.mostPins * 32).contains(Int(status.st_size)) else {
            return []
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return [] }
        return bytes.withUnsafeBytes { bytes in
            func word(_ offset: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
            let keys = UnsafeRawBufferPointer(rebasing: bytes[12...])
            guard word(0) == Self.magic, Int(word(4)) * BlockKey.byteCount == keys.count, word(8) == ck_crc32c(0, keys.baseAddress, keys.count) else {
                return []
            }
            return stride(from: 0, to: keys.count, by: BlockKey.byteCount).map {
                BlockKey(bytes: UnsafeRawBufferPointer(rebasing: keys[$0..<$0 + BlockKey.byteCount]))
            }
        }
    }

    /// False where the file could not be written: the former one stays.
    func writePins(_ pins: [BlockKey]) -> Bool {
        var keys: [UInt8] = []
        for pin in pins.suffix(Self.mostPins) { pin.withUnsafeBytes { keys.append(contentsOf: $0) } }
        var bytes: [UInt8] = []
        for word in [Self.magic, UInt32(keys.count / BlockKey.byteCount), ck_crc32c(0, keys, keys.count)] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes += keys
        let descriptor = open(path + "/pins.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(path + "/pins.new", path + "/pins") == 0 else { return false }
        state.withLock { $0.hasUnsyncedNames = true }
        return true
    }
}
