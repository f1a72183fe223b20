import CProcess
import Control
import Glibc
import Host
import LaunchPlan

/// From a run's FIFO to its log.
///
/// The process holds the FIFO open for reading too, so that its writes never meet a broken pipe: without a supervisor they fill
/// the FIFO and then wait. When the log cannot be written (a full disk), `wait` stops reading, which makes the process wait;
/// `drop` loses output and says how much.
final class OutputPump {
    private let loop: EventLoop
    private let log: LogFile
    private let whenFull: LogPolicy.WhenFull
    private let onLines: ([String]) -> Void
    private let onProblem: (String) -> Void
    private var descriptor: CInt
    private var splitter = LineSplitter()
    private var pending: [UInt8] = []
    private var retry: TimerQueue.Token?
    private var droppedBytes = 0

    static let retryMs = 1000

    /// - Parameter descriptor: the FIFO, readable without blocking; owned from here on.
    init(
        loop: EventLoop, descriptor: CInt, log: LogFile, whenFull: LogPolicy.WhenFull, onLines: @escaping ([String]) -> Void,
        onProblem: @escaping (String) -> Void
    ) throws(OperationError) {
        self.loop = loop
        self.descriptor = descriptor
        self.log = log
        self.whenFull = whenFull
        self.onLines = onLines
        self.onProblem = onProblem
        try loop.watch(descriptor, readable) { [unowned self] events in self.pump(events) }
    }

    /// A line of the supervisor's own in the service's log; after the output so far, or before all of it.
    func note(_ text: String, afterOutput: Bool = true) {
        if afterOutput { drain() }
        store(Array("--- \(Clock.timestamp()) \(text)\n".utf8))
    }

    /// What was written so far is in the log when this returns.
    func catchUp() { drain() }

    /// All that is there, then no more. What a full disk does not take even now is lost, and the supervisor's log says so.
    func finish() {
        if !pending.isEmpty {
            tryAgain()
            if !pending.isEmpty { onProblem("cannot write \(log.path): its last output is lost, at least \(pending.count) bytes") }
        }
        drain()
        if let retry { loop.cancel(retry) }
        guard descriptor >= 0 else { return }
        loop.unwatch(descriptor)
        close(descriptor)
        descriptor = -1
    }

    private func pump(_ events: UInt32) {
        drain()
        // Every writer has gone: without this the hang-up would be reported for ever.
        if descriptor >= 0, events & readable == 0 { loop.unwatch(descriptor) }
    }

    private func drain() {
        guard descriptor >= 0, pending.isEmpty else { return }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        // Bounded, so that a service that writes without pause does not keep the loop for itself.
        for _ in 0..<16 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return }
            store(Array(chunk[..<count]))
            guard pending.isEmpty else { return }
        }
    }

    private func store(_ bytes: [UInt8]) {
        // Behind what waits already, not before it or in its place: a note comes now and then, so this stays small.
        guard pending.isEmpty else {
            pending += bytes
            return
        }
        let code = log.append(bytes)
        if code == 0 {
            if droppedBytes > 0 {
                let count = droppedBytes
                droppedBytes = 0
                store(Array("--- \(Clock.timestamp()) \(count) bytes of output were dropped\n".utf8))
            }
            onLines(splitter.feed(bytes))
            return
        }
        switch whenFull {
        case .drop:
            if droppedBytes == 0 { onProblem("cannot write \(log.path): \(errorText(code)); its output is dropped") }
            droppedBytes += bytes.count
        case .wait:
            pending += bytes
            guard retry == nil else { return }
            onProblem("cannot write \(log.path): \(errorText(code)); the service waits when its pipe is full")
            if descriptor >= 0 { loop.rewatch(descriptor, 0) }
            retry = loop.schedule(at: EventLoop.now + Self.retryMs) { [weak self] in self?.tryAgain() }
        }
    }

    private func tryAgain() {
        retry = nil
        let bytes = pending
        pending = []
        store(bytes)
        guard pending.isEmpty, descriptor >= 0 else { return }
        loop.rewatch(descriptor, readable)
        drain()
    }
}
