import Glibc
import JSON

/// The small files of a checkpoint's directory, read whole.
enum ModelFile {
    /// The largest tokenizer.json known is below 40 MB.
    private static let limit = 256 << 20

    /// The content of `path`; nil where there is no such file.
    static func bytes(_ path: String) throws(RuntimeError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw RuntimeError("cannot open the file: \(String(cString: strerror(errno)))", file: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw RuntimeError("not a regular file", file: path) }
        guard status.st_size <= limit else { throw RuntimeError("larger than \(limit) bytes", file: path) }
        let size = Int(status.st_size)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let base = buffer.baseAddress {
                let got = read(descriptor, base + count, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                count += got
            }
        }
        guard failure == 0 else { throw RuntimeError("cannot read the file: \(String(cString: strerror(failure)))", file: path) }
        return bytes
    }

    /// The text of `path`; nil where there is no such file.
    static func text(_ path: String) throws(RuntimeError) -> String? {
        guard let bytes = try bytes(path) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw RuntimeError("not UTF-8", file: path) }
        return text
    }

    /// The value of `path`, which must be there.
    static func json(_ path: String) throws(RuntimeError) -> JSON {
        guard let json = try jsonIfPresent(path) else {
            throw RuntimeError("no such file", hint: "the checkpoint is not complete: download it again", file: path)
        }
        return json
    }

    static func jsonIfPresent(_ path: String) throws(RuntimeError) -> JSON? {
        guard let bytes = try bytes(path) else { return nil }
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw RuntimeError("\(error)", file: path)
        }
    }
}
