import Glibc

/// Files that are there whole or not at all.
package enum AtomicFile {
    /// The bytes are on the disk under `path` when this returns; a kill at any instruction leaves the old file or the new one.
    /// - Parameter durable: false for files of the runtime directory, which do not outlive a crash of the machine anyway.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600, durable: Bool = true) throws(OperationError) {
        let temporary = half(path)
        let file = FileCalls.create(temporary, mode)
        guard file >= 0 else { throw .system("cannot write \(path)", errno: errno, exitCode: 73) }
        var problem = FileCalls.append(bytes, to: file, temporary)
        if problem == 0, durable, FileCalls.sync(file, temporary) != 0 { problem = errno }
        if close(file) != 0, problem == 0 { problem = errno }
        if problem == 0, FileCalls.rename(temporary, path) != 0 { problem = errno }
        guard problem == 0 else {
            FileCalls.remove(temporary)
            throw .system("cannot write \(path)", errno: problem)
        }
        if durable { try syncDirectory(of: path) }
    }

    /// Where the bytes are until all of them are written; a kill leaves them there, and the next write to `path` begins anew.
    package static func half(_ path: String) -> String { path + ".new" }

    /// A symbolic link, replaced in one step.
    package static func link(_ path: String, to target: String) throws(OperationError) {
        let temporary = half(path)
        FileCalls.remove(temporary)
        guard FileCalls.link(temporary, to: target) == 0, FileCalls.rename(temporary, path) == 0 else {
            throw .system("cannot write \(path)", errno: errno)
        }
        try syncDirectory(of: path)
    }

    package static func syncDirectory(of path: String) throws(OperationError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .system("cannot open \(folder)", errno: errno) }
        defer { close(directory) }
        guard FileCalls.syncFolder(directory, folder) == 0 else { throw .system("cannot write \(folder)", errno: errno) }
    }

    /// The whole file; nil where there is none.
    /// - Parameter limit: a longer file is an error: nothing of ours is that long.
    ///   Nothing is waited for: what is no regular file is an error.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(OperationError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file < 0 {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system("cannot read \(path)", errno: errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("cannot read \(path)", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw OperationError("\(path) is not a regular file", exitCode: 66) }
        var bytes: [UInt8] = []
        // Files of /proc have no size, and are short.
        let room = min(max(4096, Int(status.st_size) + 1), 1 << 16)
        while true {
            var problem: CInt = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
                let count = Glibc.read(file, buffer.baseAddress, buffer.count)
                problem = count < 0 ? errno : 0
                initialized = max(0, count)
            }
            if problem == EINTR { continue }
            guard problem == 0 else { throw .system("cannot read \(path)", errno: problem) }
            if chunk.isEmpty { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            guard bytes.count <= limit else { throw OperationError("\(path) is longer than \(limit) bytes", exitCode: 74) }
        }
    }

    /// 0, or an errno.
    package static func writeAll(_ bytes: [UInt8], to file: CInt) -> CInt {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = Glibc.write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return errno }
                done += written
            }
            return 0
        }
    }
}
