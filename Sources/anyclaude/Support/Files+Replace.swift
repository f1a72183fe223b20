import Glibc

extension Files {
    /// Puts new contents in the place of `old` ones at once, with the mode and owner that the file has. A symbolic link stays one.
    ///
    /// - Throws: exit code 3 where the file is no longer what was read.
    static func replace(_ path: String, old: [UInt8], new: [UInt8]) throws(CommandError) {
        guard let resolved = realpath(path, nil) else { throw CommandError("write", path, errno: errno) }
        let target = String(cString: resolved)
        free(resolved)
        var status = stat()
        guard stat(target, &status) == 0 else { throw CommandError("write", path, errno: errno) }
        guard try read(target) == old else {
            throw CommandError("\(path) was changed meanwhile", hint: "nothing was written; run the command again", exitCode: ExitStatus.precondition)
        }
        try write(new, to: target, mode: 0o600, place: .named) { descriptor in
            // The owner first: a change of it takes special bits of the mode away.
            var own = stat()
            guard fstat(descriptor, &own) == 0 else { return errno }
            if own.st_uid != status.st_uid || own.st_gid != status.st_gid, fchown(descriptor, status.st_uid, status.st_gid) != 0 { return errno }
            return fchmod(descriptor, status.st_mode & 0o7777) == 0 ? 0 : errno
        }
        let directory = open(Paths.directory(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }
}
