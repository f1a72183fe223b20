import Glibc
import Locking
import Logging
import NIOCore
import NIOPosix

/// Lines on their way to a file: made and written by another thread than those of the event loops. What waits is bounded; what is beyond
/// that is dropped and counted.
final class LineWriter: Sendable {
    /// The text of a line, without its end.
    typealias Line = @Sendable () -> [UInt8]

    private struct State {
        var waiting: [(line: Line, size: Int)] = []
        var size = 0
        var isScheduled = false
        var dropped = 0
        var problem: CInt = 0
    }
    private let state = Mutex(State())
    /// Held by whoever writes.
    private let file: Mutex<RotatingFile>
    private let path: String
    private let maximumBytes: Int
    private let limit: Int
    private let logger: Logger
    /// So many lines are written at once as come within this time.
    private static let pause = TimeAmount.milliseconds(100)
    /// Bytes of one write, where a single line is not longer.
    private static let batch = 256 << 10

    /// - Parameter limit: bytes that may wait.
    init(_ path: String, maximumBytes: Int, oldFiles: Int, limit: Int, logger: Logger) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.limit = limit
        self.logger = logger
        file = Mutex(RotatingFile(path: path, maximumBytes: maximumBytes, oldFiles: oldFiles))
    }

    /// Lines that are not in the file.
    var dropped: Int { state.withLock { $0.dropped } }

    /// - Parameter size: about what the line holds in memory until it is written.
    func add(size: Int, _ line: @escaping Line) {
        let begins = state.withLock { state -> Bool in
            guard state.size + size <= limit else {
                state.dropped += 1
                return false
            }
            state.waiting.append((line, size))
            state.size += size
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard begins else { return }
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
        loop.scheduleTask(in: Self.pause) { NIOThreadPool.singleton.submit { _ in self.drain() } }
    }

    /// Writes what waits, on the caller's thread.
    func drain() {
        while true {
            let lines = state.withLock { state -> [Line] in
                defer {
                    state.waiting = []
                    state.size = 0
                }
                if state.waiting.isEmpty { state.isScheduled = false }
                return state.waiting.map(\.line)
            }
            guard !lines.isEmpty else { return }
            var batch: (bytes: [UInt8], count: Int) = ([], 0)
            for line in lines {
                let bytes = line() + [0x0A]
                if !batch.bytes.isEmpty, batch.bytes.count + bytes.count > min(maximumBytes, Self.batch) {
                    write(batch.bytes, batch.count)
                    batch = ([], 0)
                }
                batch.bytes += bytes
                batch.count += 1
            }
            write(batch.bytes, batch.count)
        }
    }

    private func write(_ lines: [UInt8], _ count: Int) {
        let code = lines.count > maximumBytes ? EFBIG : file.withLock { $0.append(lines) }
        let isNews = state.withLock { state -> Bool in
            if code != 0 { state.dropped += count }
            defer { state.problem = code }
            return code != state.problem
        }
        guard isNews else { return }
        if code == 0 {
            logger.notice("records are written again", metadata: ["file": "\(path)"])
        } else {
            logger.error("records cannot be written and are dropped", metadata: ["file": "\(path)", "error": "\(String(cString: strerror(code)))"])
        }
    }
}
