import CProcess
import Control
import Glibc
import Host
import LaunchPlan

/// From a run's FIFO to its log.
///
/// The process holds the FIFO open for reading too, so that its writes never meet a broken pipe: without a supervisor they fill
/// the FIFO and then wait. When the log cannot be written (a full disk), `wait` leaves the output in the FIFO, which makes the process
/// wait when it is full; `drop` loses output and says how much.
final class OutputPump {
    private let loop: EventLoop
    private let log: LogFile
    private let whenFull: LogPolicy.WhenFull
    private let onLines: ([String]) -> Void
    private let onProblem: (String) -> Void
    private var descriptor: CInt
    private var splitter = LineSplitter()
    /// Notes that could not be written: those that belong before what is in the FIFO, and those behind it.
    private var notesBefore: [UInt8] = []
    private var notesAfter: [UInt8] = []
    private var retry: TimerQueue.Token?
    private var droppedBytes = 0
    /// A log that cannot be written is reported once, until it can be again.
    private var isReported = false

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
        let line = Array("--- \(Clock.timestamp()) \(text)\n".utf8)
        if afterOutput {
            drain()
            // Behind what waits already: a note comes now and then, so this stays small.
            if isWaiting { notesAfter += line } else { write(line, keptIn: \.notesAfter) }
        } else if isWaiting {
            notesBefore += line
        } else {
            write(line, keptIn: \.notesBefore)
        }
    }

    /// What was written so far is in the log when this returns, where the log can be written.
    func catchUp() { drain() }

    /// All that is there, then no more. What a full disk does not take even now is lost, and the supervisor's log says so.
    func finish() {
        if isWaiting { tryAgain() } else { drain() }
        if isWaiting {
            let lost = notesBefore.count + notesAfter.count + (descriptor >= 0 ? max(0, Int(cprocess_pipe_count(descriptor))) : 0)
            onProblem("cannot write \(log.path): its last output is lost, at least \(lost) bytes")
        }
        if let retry { loop.cancel(retry) }
        retry = nil
        guard descriptor >= 0 else { return }
        loop.unwatch(descriptor)
        close(descriptor)
        descriptor = -1
    }

    /// The log could not be written, and is tried again later.
    private var isWaiting: Bool { retry != nil }

    private func pump(_ events: UInt32) {
        drain()
        // Every writer has gone: without this the hang-up would be reported for ever.
        if descriptor >= 0, events & readable == 0 { loop.unwatch(descriptor) }
    }

    private func drain() {
        // Bounded, so that a service that writes without pause does not keep the loop for itself.
        for _ in 0..<16 {
            guard descriptor >= 0, !isWaiting else { return }
            switch log.move(from: descriptor) {
            case .nothing: return
            case .moved(let bytes):
                sayDropped()
                onLines(splitter.feed(bytes))
            case .failed(let code):
                guard whenFull == .drop else { return wait(code) }
                drop(code)
            }
        }
    }

    private func write(_ line: [UInt8], keptIn notes: ReferenceWritableKeyPath<OutputPump, [UInt8]>) {
        let code = log.append(line)
        if code == 0 {
            onLines(splitter.feed(line))
        } else if whenFull == .wait {
            self[keyPath: notes] += line
            wait(code)
        }
    }

    /// Output that there is no room for goes, and is counted.
    private func drop(_ code: CInt) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { return }
        if droppedBytes == 0 { onProblem("cannot write \(log.path): \(errorText(code)); its output is dropped") }
        droppedBytes += count
    }

    private func sayDropped() {
        guard droppedBytes > 0 else { return }
        let line = Array("--- \(Clock.timestamp()) \(droppedBytes) bytes of output were dropped\n".utf8)
        if log.append(line) == 0 { droppedBytes = 0 }
    }

    private func wait(_ code: CInt) {
        guard !isWaiting else { return }
        if !isReported { onProblem("cannot write \(log.path): \(errorText(code)); the service waits when its pipe is full") }
        isReported = true
        if descriptor >= 0 { loop.rewatch(descriptor, 0) }
        retryLater()
    }

    private func retryLater() { retry = loop.schedule(at: EventLoop.now + Self.retryMs) { [weak self] in self?.tryAgain() } }

    /// In their order: notes before the output, the output, notes behind it.
    private func tryAgain() {
        if let retry { loop.cancel(retry) }
        retry = nil
        guard flush(\.notesBefore) else { return retryLater() }
        drain()
        guard !isWaiting else { return }
        guard flush(\.notesAfter) else { return retryLater() }
        isReported = false
        if descriptor >= 0 { loop.rewatch(descriptor, readable) }
    }

    private func flush(_ notes: ReferenceWritableKeyPath<OutputPump, [UInt8]>) -> Bool {
        let bytes = self[keyPath: notes]
        guard !bytes.isEmpty else { return true }
        guard log.append(bytes) == 0 else { return false }
        self[keyPath: notes] = []
        onLines(splitter.feed(bytes))
        return true
    }
}
