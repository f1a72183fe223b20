import Glibc

/// Which processes belong to a run: those of its process group and its session, and those that left both and still carry the
/// variable that every process of the run was started with.
enum Membership {
    /// Names the folder of the run; unique on the machine.
    static let variable = "ANYCLAUDE_RUN_DIRECTORY"

    /// All that lives of a run. Zombies do not count: nothing of them runs or holds anything.
    static func members(leader: Int32, directory: String) -> [Int32] {
        let own = getpid()
        return ProcFS.pids.filter { pid in
            guard pid != own, pid > 1, let stat = ProcFS.stat(pid), stat.state != UInt8(ascii: "Z"), stat.state != UInt8(ascii: "X") else {
                return false
            }
            return stat.group == leader || stat.session == leader || ProcFS.environmentValue(variable, of: pid) == directory
        }
    }

    /// Processes of runs below `runtime`, by the folder of their run.
    static func strays(below runtime: String) -> [(pid: Int32, directory: String)] {
        let own = getpid()
        return ProcFS.pids.compactMap { pid in
            guard pid != own, let stat = ProcFS.stat(pid), stat.state != UInt8(ascii: "Z"),
                let directory = ProcFS.environmentValue(variable, of: pid), directory.hasPrefix(runtime + "/")
            else { return nil }
            return (pid, directory)
        }
    }
}
