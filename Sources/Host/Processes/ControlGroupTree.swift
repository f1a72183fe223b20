import CProcess
import Glibc

/// The control group of this process where it may be divided: systemd says so of units with `Delegate=` by an extended attribute
/// (systemd's "Control Group APIs and Delegation"), but for those of a user's manager, whose unit file says so itself by
/// `ANYCLAUDE_DELEGATED`. Nobody else's is touched, whatever its permissions are.
package struct ControlGroupTree: Sendable, Equatable {
    package let path: String

    package init?(environment: [String: String]) {
        guard let membership = ProcFS.contents("/proc/self/cgroup"), let mounts = ProcFS.contents("/proc/self/mountinfo"),
            let path = Self.place(membership: membership, mounts: mounts)
        else { return nil }
        self.init(at: path, isDelegated: environment["ANYCLAUDE_DELEGATED"] == "yes")
    }

    /// Nil where the group is not delegated, or where the kernel cannot kill a group (before Linux 5.14).
    private init?(at path: String, isDelegated: Bool) {
        guard access("\(path)/cgroup.kill", F_OK) == 0, isDelegated || Self.isDelegated(path) else { return nil }
        self.path = path
    }

    /// `trusted.` is what systemd before 251 sets, and only root may read it.
    private static func isDelegated(_ path: String) -> Bool {
        ["user.delegate", "trusted.delegate"].contains { name in
            var value: UInt8 = 0
            return getxattr(path, name, &value, 1) == 1 && value == UInt8(ascii: "1")
        }
    }

    /// The folder of the group that a process is in.
    ///
    /// - Parameters:
    ///   - membership: of `/proc/PID/cgroup`.
    ///   - mounts: of `/proc/self/mountinfo`.
    static func place(membership: [UInt8], mounts: [UInt8]) -> String? {
        guard let line = String(decoding: membership, as: UTF8.self).split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        var group = String(line.dropFirst(3))
        // Commands of a delegated unit besides its main process run in a group of their own in it.
        if group.hasSuffix("/.control") { group = String(group.dropLast("/.control".count)) }
        for mount in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            let halves = mount.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2, halves[1].hasPrefix("cgroup2 ") else { continue }
            let fields = halves[0].split(separator: " ")
            guard fields.count > 4, !fields[4].contains("\\") else { continue }
            let root = fields[3] == "/" ? "" : String(fields[3])
            guard group == root || group.hasPrefix(root + "/") else { continue }
            return String(fields[4]) + String(group.dropFirst(root.count))
        }
        return nil
    }

    /// A new group. An empty one of that name, of an earlier run, is used again.
    package func make(_ name: String) throws(OperationError) -> ControlGroup {
        let group = ControlGroup(made: "\(path)/\(name)")
        if mkdir(group.path, 0o755) == 0 { return group }
        guard errno == EEXIST else { throw .system("cannot make the control group \(group.path)", errno: errno) }
        guard !group.isPopulated else { throw OperationError("the control group \(group.path) is in use", exitCode: 74) }
        return group
    }

    /// Those of runs of an instance.
    package func groups(of instance: String) -> [ControlGroup] {
        Folder.names(in: path).filter { $0.hasPrefix("\(instance).") }.compactMap { ControlGroup(existing: "\(path)/\($0)") }
    }
}
