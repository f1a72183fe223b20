import Glibc

/// Which processes belong to a run: those of its process group and its session, and those that left both and still carry the
/// variable that every process of the run was started with.
package enum Membership {
    /// Names the folder of the run; unique on the machine.
    package static let variable = "ANYCLAUDE_RUN_DIRECTORY"

    /// All that lives of a run. Zombies do not count: nothing of them runs or holds anything.
    ///
    /// - Parameters:
    ///   - leader: nil where the leader has ended and its number is another process's by now: then only the variable tells.
    ///   - wasStartedHere: where the leader was started by this process, whether a child of it was: what left the leader's group and session
    ///     and has lost its parent is then a child that was not, so that only those need to be asked for the variable. Nil for an adopted
    ///     run, whose orphans may be anywhere.
    package static func members(leader: Int32?, directory: String, wasStartedHere: ((Int32) -> Bool)?) -> [Int32] {
        let own = getpid()
        return ProcFS.pids.filter { pid in
            guard pid != own, pid > 1, let stat = ProcFS.stat(pid), stat.state != UInt8(ascii: "Z"), stat.state != UInt8(ascii: "X") else {
                return false
            }
            if stat.group == leader || stat.session == leader { return true }
            if let wasStartedHere, stat.parent != own || wasStartedHere(pid) { return false }
            return ProcFS.environmentValue(variable, of: pid) == directory
        }
    }

    /// Whether anything may live of the runs that were started here and whose leaders have been waited for. What they left has lost its
    /// parent, and so become a child of this process, which is a subreaper, or stands below such a child. One look at the own children
    /// instead of one at every process of the machine: most runs that end leave nothing, and the next start waits for the answer.
    ///
    /// - Parameter wasStartedHere: as for `members`.
    package static func mayBeLeft(wasStartedHere: (Int32) -> Bool) -> Bool {
        guard let children = ProcFS.children else { return true }
        return !children.allSatisfy(wasStartedHere)
    }

    /// Processes of runs below `runtime`, by the folder of their run.
    package static func strays(below runtime: String) -> [(pid: Int32, directory: String)] {
        let own = getpid()
        return ProcFS.pids.compactMap { pid in
            guard pid != own, let stat = ProcFS.stat(pid), stat.state != UInt8(ascii: "Z"),
                let directory = ProcFS.environmentValue(variable, of: pid), directory.hasPrefix(runtime + "/")
            else { return nil }
            return (pid, directory)
        }
    }
}
