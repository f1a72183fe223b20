import CKernels
import Glibc

/// One file of records. Positions are multiples of a page.
final class SegmentFile: Sendable {
    let number: Int
    let path: String
    private let descriptor: CInt

    enum Mode { case read, write, create }

    /// Opens a regular file, whatever stands under its name: a pipe must not hold up the start.
    init(number: Int, directory: String, mode: Mode) throws(RuntimeError) {
        self.number = number
        path = directory + "/" + Self.name(number)
        let access =
            switch mode {
            case .read: O_RDONLY
            case .write: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        let descriptor = open(path, access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw RuntimeError("cannot open: \(String(cString: strerror(errno)))", file: path) }
        self.descriptor = descriptor
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw RuntimeError("is not a file", file: path) }
    }

    deinit { close(descriptor) }

    static func name(_ number: Int) -> String {
        let digits = String(number)
        return "segment-" + String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + ".kv"
    }

    static func number(of name: String) -> Int? {
        guard name.hasPrefix("segment-"), name.hasSuffix(".kv"), let number = Int(name.dropFirst(8).dropLast(3)) else { return nil }
        return self.name(number) == name ? number : nil
    }

    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// False where the file ends before or cannot be read.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
        guard let base = buffer.baseAddress else { return true }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(RuntimeError) {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = pwrite(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw RuntimeError("cannot write: \(String(cString: strerror(errno)))", file: path) }
            done += count
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(RuntimeError) {
        var failure: RuntimeError?
        bytes.withUnsafeBytes { buffer in
            do throws(RuntimeError) { try write(buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Fills `buffers` one after the other, and returns the CRC-32C of it all; nil as `read` is false. Each part is summed while the cache has it.
    func readSum(_ buffers: [UnsafeMutableRawBufferPointer], at offset: Int) -> UInt32? {
        var sum: UInt32 = 0
        var position = offset
        for buffer in buffers {
            for start in stride(from: 0, to: buffer.count, by: 256 << 10) {
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<min(start + 256 << 10, buffer.count)])
                guard read(part, at: position) else { return nil }
                sum = ck_crc32c(sum, part.baseAddress, part.count)
                position += part.count
            }
        }
        return sum
    }

    func truncate(to size: Int) { _ = ftruncate(descriptor, off_t(size)) }
    func synchronize() -> Bool { fdatasync(descriptor) == 0 }

    /// Marks the record dead and gives its payload's pages back to the file system. False where that cannot punch holes: the space
    /// then returns with the file.
    func kill(_ location: RecordLocation) -> Bool {
        var state = RecordHeader.dead.littleEndian
        withUnsafeBytes(of: &state) { bytes in
            _ = pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(location.offset + RecordHeader.stateOffset))
        }
        return punch(location.offset + RecordHeader.size, location.extent - RecordHeader.size)
    }

    /// Gives pages back to the file system. False where that cannot punch holes.
    @discardableResult
    func punch(_ offset: Int, _ length: Int) -> Bool { ck_punch_hole(descriptor, Int64(offset), Int64(length)) }

    func remove() { unlink(path) }
}
