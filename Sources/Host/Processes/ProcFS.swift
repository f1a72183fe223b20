import Glibc

/// What `/proc` says of processes (proc(5)).
package enum ProcFS {
    package struct Stat: Equatable {
        package var pid: Int32
        /// `Z` has ended and waits for its parent.
        package var state: UInt8
        package var parent: Int32
        package var group: Int32
        package var session: Int32
        /// In clock ticks since the boot: with the pid it names one process for the whole life of the machine.
        package var startTime: UInt64
        /// Of a process that has ended and that its parent has not waited for: as wait(2) gives it.
        package var waitStatus: Int32?
    }

    package static func stat(_ pid: Int32) -> Stat? { contents("/proc/\(pid)/stat").flatMap(parseStat) }

    /// The name in parentheses may hold anything, parentheses too: the fields begin after the last one.
    package static func parseStat(_ bytes: [UInt8]) -> Stat? {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")), open > 0 else { return nil }
        let pid = Int32(String(decoding: bytes[..<(open - 1)], as: UTF8.self))
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard let pid, fields.count > 19, let state = fields[0].utf8.first, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let session = Int32(fields[3]), let startTime = UInt64(fields[19])
        else { return nil }
        return Stat(
            pid: pid, state: state, parent: parent, group: group, session: session, startTime: startTime,
            waitStatus: state == UInt8(ascii: "Z") && fields.count > 49 ? Int32(fields[49].filter { $0 != "\n" }) : nil)
    }

    package static var pids: [Int32] { Folder.names(in: "/proc").compactMap { Int32($0) } }

    /// The value that the process was started with; nil where it has none or may not be looked at.
    package static func environmentValue(_ name: String, of pid: Int32) -> String? {
        guard let bytes = contents("/proc/\(pid)/environ") else { return nil }
        let prefix = Array("\(name)=".utf8)
        return bytes.split(separator: 0).first { $0.starts(with: prefix) }.map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
    }

    /// The program for people, with the script or module that it runs; no other argument, which may be a secret.
    package static func command(of pid: Int32) -> String? { contents("/proc/\(pid)/cmdline").flatMap(parseCommand) }

    static func parseCommand(_ bytes: [UInt8]) -> String? {
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard let program = words.first, !program.isEmpty else { return nil }
        var shown = [program]
        if words.count > 2, words[1] == "-m" {
            shown += words[1...2]
        } else if words.count > 1, !words[1].hasPrefix("-"), !words[1].contains("=") {
            shown.append(words[1])
        }
        let text = shown.filter { !$0.isEmpty }.joined(separator: " ")
        return text.count > 160 ? text.prefix(160) + "…" : text
    }

    /// `MemTotal` of /proc/meminfo, in bytes.
    package static var memoryTotal: Int? {
        guard let bytes = contents("/proc/meminfo") else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        return line.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") }.map { $0 << 10 }
    }

    package static func contents(_ path: String) -> [UInt8]? { try? AtomicFile.read(path, limit: 4 << 20) }
}
