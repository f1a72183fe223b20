import Glibc

/// A moment on the monotonic clock by which something must have happened. The machine's sleep counts, changes of its clock do not.
public struct Deadline: Sendable, Equatable, Comparable {
    private let nanoseconds: Int

    private init(nanoseconds: Int) { self.nanoseconds = nanoseconds }

    /// - Parameter milliseconds: negative values count as none.
    public static func after(milliseconds: Int) -> Deadline {
        let (span, overflow) = max(0, milliseconds).multipliedReportingOverflow(by: 1_000_000)
        let (end, beyond) = now.addingReportingOverflow(overflow ? .max / 2 : span)
        return Deadline(nanoseconds: beyond ? .max : end)
    }

    /// Milliseconds that are left, rounded up; 0 once it has passed.
    public var remainingMs: Int { max(0, (nanoseconds - Self.now + 999_999) / 1_000_000) }

    public var hasPassed: Bool { Self.now >= nanoseconds }

    public static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// Measures how long something has taken, on the same clock.
public struct Stopwatch: Sendable {
    private let start: timespec

    public init() {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        start = time
    }

    public var elapsedMs: Int {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return (time.tv_sec - start.tv_sec) * 1000 + (time.tv_nsec - start.tv_nsec) / 1_000_000
    }
}
