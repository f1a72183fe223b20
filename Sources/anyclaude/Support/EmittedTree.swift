import ConfigCompiler
import Glibc

/// An emitted tree beside what is on the disk, below a folder that stands for `/`.
struct EmittedTree {
    enum State: String { case new, changed, unchanged, stale, foreign }

    struct Entry {
        var path: String
        var state: State
        /// What is to be written; nil for a stale file.
        var file: EmittedFile?
        /// What is there.
        var old: [UInt8]?
    }

    /// Sorted by path.
    let entries: [Entry]
    private let root: EmittedRoot
    /// Folders that may go with the last stale file in them.
    private let ownFolders: String
    private static let maximumBytes = 1 << 20

    /// - Parameters:
    ///   - root: the folder that stands for `/`, absolute.
    ///   - bindings: those of the emission: where files that emit wrote earlier are looked for.
    init(_ emission: Emission, instance: String, root path: String, bindings: SystemdBindings) throws(CommandError) {
        let root = EmittedRoot(path)
        var entries: [Entry] = []
        for file in emission.files {
            try root.check(file.path)
            let path = root.place(file.path)
            let old = try Self.contents(path)
            let state: State =
                switch old {
                case nil: .new
                case file.bytes?: .unchanged
                case let old?: EmitMarker.marks(old, instance: instance) && !Self.isLink(path) ? .changed : .foreign
                }
            entries.append(Entry(path: path, state: state, file: file, old: old))
        }
        let known = Set(entries.map(\.path))
        let earlier = EarlierEmission(instance: instance, root: root)
        for path in try earlier.files(units: bindings.unitFolder, configuration: bindings.configurationFolder) where !known.contains(path) {
            entries.append(Entry(path: path, state: .stale))
        }
        self.entries = entries.sorted { $0.path < $1.path }
        self.root = root
        ownFolders = root.place(bindings.configurationFolder) + "/"
    }

    /// Writes what is new or changed; each file is the old one or the new one at any moment.
    func write(force: Bool, removingStale: Bool) throws(CommandError) -> [Entry] {
        let foreign = entries.filter { $0.state == .foreign }
        guard force || foreign.isEmpty else {
            throw CommandError(
                "\(foreign.map(\.path).joined(separator: ", ")): not written by `anyclaude emit` for this instance; nothing was written",
                hint: "`--diff` shows what would change, `--force` overwrites", exitCode: ExitStatus.cannotCreate)
        }
        var done: [Entry] = []
        for entry in entries {
            switch entry.state {
            case .unchanged: continue
            case .stale:
                guard removingStale else { continue }
                try remove(entry.path)
            case .new, .changed, .foreign:
                guard let file = entry.file else { continue }
                try root.makeFolder(Paths.directory(of: entry.path))
                // The mode is what services need, whatever the caller's mask is.
                try Files.write(file.bytes, to: entry.path, mode: 0o600, place: .named) { fchmod($0, mode_t(file.mode)) == 0 ? 0 : errno }
            }
            done.append(entry)
        }
        return done
    }

    /// Removes a file, and the folder that was made for it once it is empty.
    private func remove(_ path: String) throws(CommandError) {
        guard unlink(path) == 0 else { throw CommandError("remove", path, errno: errno) }
        let folder = Paths.directory(of: path)
        guard folder.hasPrefix(ownFolders), rmdir(folder) != 0 else { return }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw CommandError("remove the folder", folder, errno: errno) }
    }

    private static func contents(_ path: String) throws(CommandError) -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        guard isFile(path) else {
            if isLink(path) { return [] }
            throw CommandError("\(path) is there, and is no file", hint: "move it away", exitCode: ExitStatus.cannotCreate)
        }
        return try Files.read(path, maximum: maximumBytes)
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}
