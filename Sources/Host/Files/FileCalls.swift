import Glibc

/// The calls that change files, as in `Glibc`, each announced before it is made.
package enum FileCalls {
    package static func create(_ path: String, _ mode: mode_t) -> CInt {
        FileStep.announce(.create(path))
        return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    }

    /// 0, or an errno.
    /// - Parameter path: where `file` is.
    package static func append(_ bytes: [UInt8], to file: CInt, _ path: String) -> CInt {
        FileStep.announce(.append(path, bytes))
        return AtomicFile.writeAll(bytes, to: file)
    }

    package static func sync(_ file: CInt, _ path: String) -> CInt {
        FileStep.announce(.sync(path))
        return fsync(file)
    }

    package static func rename(_ from: String, _ to: String) -> CInt {
        FileStep.announce(.rename(from, to: to))
        return Glibc.rename(from, to)
    }

    package static func link(_ path: String, to target: String) -> CInt {
        FileStep.announce(.link(path, to: target))
        return symlink(target, path)
    }

    @discardableResult
    package static func remove(_ path: String) -> CInt {
        FileStep.announce(.remove(path))
        return unlink(path)
    }

    package static func makeFolder(_ path: String, _ mode: mode_t) -> CInt {
        FileStep.announce(.makeFolder(path))
        return mkdir(path, mode)
    }

    @discardableResult
    package static func removeFolder(_ path: String) -> CInt {
        FileStep.announce(.removeFolder(path))
        return rmdir(path)
    }

    package static func syncFolder(_ folder: CInt, _ path: String) -> CInt {
        FileStep.announce(.syncFolder(path))
        return fsync(folder)
    }
}
