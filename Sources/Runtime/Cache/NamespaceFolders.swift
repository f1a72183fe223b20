import Glibc

/// A cache directory holds one folder for each namespace (a model, a precision, an instruction set). Those of other models count
/// against the same budget, and go when they are not in use.
enum NamespaceFolders {
    /// Removes other namespaces' folders, least recently changed first, until those that stay take at most half of `maxBytes`.
    /// How much that is.
    static func makeRoom(in directory: String, for own: String, maxBytes: Int) throws(RuntimeError) -> Int {
        try SegmentDirectory.makeDirectory(directory)
        var others = folders(directory).filter { $0 != own }.map { (name: $0, usage: usage(directory + "/" + $0)) }
        others.sort { $0.usage.changed < $1.usage.changed }
        var total = others.reduce(0) { $0 + $1.usage.bytes }
        for other in others where total > maxBytes / 2 {
            if remove(directory + "/" + other.name) { total -= other.usage.bytes }
        }
        return total
    }

    /// Folders that this module made: 16 hex digits.
    private static func folders(_ directory: String) -> [String] {
        names(directory).filter { $0.utf8.count == 16 && $0.allSatisfy(\.isHexDigit) }
    }

    private static func names(_ directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }

    private static func usage(_ folder: String) -> (bytes: Int, changed: Int) {
        var bytes = 0
        var changed = 0
        for name in names(folder) where SegmentFile.number(of: name) != nil {
            var status = stat()
            guard stat(folder + "/" + name, &status) == 0 else { continue }
            bytes += Int(status.st_blocks) * 512
            changed = max(changed, status.st_mtim.tv_sec)
        }
        return (bytes, changed)
    }

    /// False while a process has the folder's lock.
    private static func remove(_ folder: String) -> Bool {
        let lock = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { return false }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return false }
        for name in names(folder) where SegmentFile.number(of: name) != nil { unlink(folder + "/" + name) }
        return true
    }
}
