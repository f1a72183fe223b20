import Glibc

extension MetricsRegistry {
    /// What each Prometheus client library tells of its process, under the names that dashboards know. Linux: proc(5).
    public func declareProcess() {
        declare("process_cpu_seconds_total", .counter, help: "Total user and system CPU time spent in seconds.") { Self.processorSeconds }
        declare("process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.") { Self.residentBytes }
        declare("process_open_fds", .gauge, help: "Number of open file descriptors.") { Self.openDescriptors }
        let start = Self.startSeconds
        declare("process_start_time_seconds", .gauge, help: "Start time of the process since unix epoch in seconds.") { start }
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static var residentBytes: Double {
        let fields = text("/proc/self/statm").split(separator: " ")
        return fields.count > 1 ? (Double(fields[1]) ?? 0) * Double(sysconf(CInt(_SC_PAGESIZE))) : 0
    }

    private static var openDescriptors: Double {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        // Without `.`, `..` and the folder itself.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return Double(max(0, count))
    }

    /// The clock's time less the machine's uptime, plus the ticks at which the process began.
    private static var startSeconds: Double {
        let status = text("/proc/self/stat")
        let fields = (status.lastIndex(of: ")").map { status[$0...] } ?? "").split(separator: " ")
        var (now, up) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &up)
        guard fields.count > 20, let ticks = Double(fields[20]) else { return Double(now.tv_sec) }
        let boot = Double(now.tv_sec - up.tv_sec) + Double(now.tv_nsec - up.tv_nsec) / 1e9
        return ((boot + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))) * 100).rounded() / 100
    }

    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
