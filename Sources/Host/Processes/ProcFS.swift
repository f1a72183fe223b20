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

    package static func stat(_ pid: Int32) -> Stat? { head("/proc/\(pid)/stat").flatMap(parseStat) }

    /// The name in parentheses may hold anything, parentheses too: the fields begin after the last one.
    package static func parseStat(_ bytes: [UInt8]) -> Stat? {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")), open > 0 else { return nil }
        // A look at the whole machine reads some hundreds of these: without strings, and without the fields that nobody asks for.
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 50)
        guard let pid: Int32 = number(bytes[..<(open - 1)]), fields.count > 19, let state = fields[0].first, let parent: Int32 = number(fields[1]),
            let group: Int32 = number(fields[2]), let session: Int32 = number(fields[3]), let startTime: UInt64 = number(fields[19])
        else { return nil }
        return Stat(
            pid: pid, state: state, parent: parent, group: group, session: session, startTime: startTime,
            waitStatus: state == UInt8(ascii: "Z") && fields.count > 49 ? number(fields[49].prefix { $0 != 0x0A }) : nil)
    }

    /// Decimal digits and nothing else.
    private static func number<Number: FixedWidthInteger>(_ digits: ArraySlice<UInt8>) -> Number? {
        guard !digits.isEmpty else { return nil }
        var value: Number = 0
        for digit in digits {
            guard let one = Number(exactly: digit &- 0x30), one < 10 else { return nil }
            let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) = shifted.addingReportingOverflow(one)
            guard !overflowed, !overflowedToo else { return nil }
            value = sum
        }
        return value
    }

    /// Of all processes that may be seen.
    package static var pids: [Int32] { numbers(in: "/proc") ?? [] }

    /// The children of this process, zombies too; nil where the kernel does not tell (it is built without CONFIG_PROC_CHILDREN).
    ///
    /// All of them are in it where no other thread waits for children meanwhile: the kernel's list is walked while only its end may change.
    package static var children: [Int32]? {
        guard let threads = numbers(in: "/proc/self/task") else { return nil }
        var children: [Int32] = []
        for thread in threads {
            // Of a thread that has just ended the children are another's by now, perhaps of one that was looked at before.
            guard let bytes = contents("/proc/self/task/\(thread)/children") else { return nil }
            children += bytes.split(separator: UInt8(ascii: " ")).compactMap { number($0) }
        }
        return children
    }

    /// The names in a folder that are numbers; nil where it cannot be read.
    private static func numbers(in path: String) -> [Int32]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            let value: Int32? = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in number(Array(bytes.prefix(11).prefix { $0 != 0 })[...]) }
            if let value { numbers.append(value) }
        }
        return numbers
    }

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

    /// What one read gives, at most a page: all of `stat`.
    private static func head(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
            repeat { count = read(file, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        return count > 0 ? bytes : nil
    }
}
