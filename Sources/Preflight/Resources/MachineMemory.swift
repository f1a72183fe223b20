import Host
import LaunchPlan

/// How much memory the services of this supervisor can have at most: the machine's, or less where a control group says so.
struct MachineMemory: Equatable {
    var bytes: Int
    var bound: MemoryAdmission.Bound

    /// Nil where `/proc/meminfo` cannot be read.
    static var current: MachineMemory? {
        guard let total = ProcFS.memoryTotal else { return nil }
        let groups = ProcFS.contents("/proc/self/cgroup").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return of(total: total, groups: groups) { path in ProcFS.contents(path).map { String(decoding: $0, as: UTF8.self) } }
    }

    /// - Parameters:
    ///   - groups: `/proc/self/cgroup`: `0::/PATH` for the unified hierarchy, `N:memory:/PATH` for the one before it.
    ///   - read: a file's text; nil where there is none.
    static func of(total: Int, groups: String, read: (String) -> String?) -> MachineMemory {
        var least = MachineMemory(bytes: total, bound: .machine)
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let (folder, file): (String, String)
            if fields[0] == "0", fields[1].isEmpty {
                (folder, file) = ("/sys/fs/cgroup", "memory.max")
            } else if fields[1].split(separator: ",").contains("memory") {
                (folder, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            // Every group above bounds those below it; in a container, the root of what is seen is the container's own.
            var parts = fields[2].split(separator: "/")
            while true {
                let path = ([folder] + parts.map(String.init) + [file]).joined(separator: "/")
                if let text = read(path), let limit = Int(text.filter { !$0.isWhitespace }), limit > 0, limit < least.bytes {
                    least = MachineMemory(bytes: limit, bound: .controlGroup)
                }
                guard parts.popLast() != nil else { break }
            }
        }
        return least
    }
}
