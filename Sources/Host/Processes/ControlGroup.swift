import CProcess
import Glibc

/// One control group of version 2 (cgroups(7)) that was made for one run. What is started in it cannot leave it without being put
/// elsewhere by a process of the same user; a new session, a lost parent or an empty environment leads nowhere.
package struct ControlGroup: Sendable, Equatable {
    package let path: String

    /// Of a run that an earlier supervisor started; nil where there is none any more.
    package init?(existing path: String) {
        guard access("\(path)/cgroup.kill", F_OK) == 0 else { return nil }
        self.path = path
    }

    init(made path: String) { self.path = path }

    /// A descriptor to start processes in it with.
    package func open() throws(OperationError) -> CInt {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot open \(path)", errno: errno) }
        return descriptor
    }

    /// Whether any process is in it, or in a group that a process of it made below. Zombies do not count.
    package var isPopulated: Bool {
        ProcFS.contents("\(path)/cgroup.events").map { Self.isPopulated($0) } ?? false
    }

    static func isPopulated(_ events: [UInt8]) -> Bool {
        events.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual("populated 1".utf8) }
    }

    /// All that is in it and below, without those of other PID namespaces.
    package var members: Set<Int32> {
        let text = ProcFS.contents("\(path)/cgroup.procs").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return below.reduce(into: Set(text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 })) { $0.formUnion($1.members) }
    }

    /// SIGKILL to all that is in it and below, and to what these are forking at this moment.
    package func killAll() {
        let file = Glibc.open("\(path)/cgroup.kill", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        _ = AtomicFile.writeAll([UInt8(ascii: "1")], to: file)
    }

    /// Where nothing is in it: otherwise it stays, and so does what is below it and in use.
    @discardableResult
    package func remove() -> Bool {
        for group in below { group.remove() }
        return rmdir(path) == 0 || errno == ENOENT
    }

    private var below: [ControlGroup] {
        Folder.names(in: path).compactMap { name in
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
            return ControlGroup(made: "\(path)/\(name)")
        }
    }
}
