import CProcess
import Control
import Glibc
import Host

/// One attempt of a probe on the loop: it ends once, by an answer, a failure, the time-out or `cancel`.
final class ProbeAttempt {
    private let loop: EventLoop
    private let reaper: ChildReaper
    private let target: ProbeTarget
    private var finish: ((ProbeResult) -> Void)?
    private var descriptor: CInt = -1
    private var child: Int32?
    private var timer: TimerQueue.Token?
    private var unsent: [UInt8] = []
    private var answer: [UInt8] = []
    private var isConnected = false

    init(loop: EventLoop, reaper: ChildReaper, target: ProbeTarget, timeoutMs: Int, finish: @escaping (ProbeResult) -> Void) {
        self.loop = loop
        self.reaper = reaper
        self.target = target
        self.finish = finish
        timer = loop.schedule(at: EventLoop.now + timeoutMs) { [unowned self] in
            self.end(.failed(reason: "no answer within \(timeoutMs) ms", timedOut: true))
        }
    }

    func start() {
        switch target {
        case .http(let address, let request):
            unsent = request
            connect(address)
        case .connect(let address): connect(address)
        case .exec(let request): execute(request)
        }
    }

    /// Without a result.
    func cancel() {
        finish = nil
        release()
    }

    private func connect(_ address: SocketAddress) {
        switch Sockets.connect(address) {
        case .failure(let failure): endLater(.failed(reason: "cannot connect to \(address): \(errorText(failure.code))", timedOut: false))
        case .success(let connecting):
            descriptor = connecting
            watch(connecting, writable) { [unowned self] events in self.exchange(events, address) }
        }
    }

    private func exchange(_ events: UInt32, _ address: SocketAddress) {
        if !isConnected {
            let code = Sockets.error(of: descriptor)
            guard code == 0 else { return end(.failed(reason: "cannot connect to \(address): \(errorText(code))", timedOut: false)) }
            isConnected = true
            guard case .http = target else { return end(.passed) }
        }
        if !unsent.isEmpty {
            let sent = send(descriptor, unsent, unsent.count, CInt(MSG_NOSIGNAL))
            if sent < 0, errno != EAGAIN { return end(.failed(reason: "cannot send: \(errorText(errno))", timedOut: false)) }
            if sent > 0 { unsent.removeFirst(sent) }
            if unsent.isEmpty { loop.rewatch(descriptor, readable) }
            return
        }
        receive()
    }

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EAGAIN { return }
        guard count > 0 else { return end(.failed(reason: "the connection ended without an answer", timedOut: false)) }
        answer += chunk[..<count]
        if let result = HTTPProbe.result(answer) { end(result) }
    }

    private func execute(_ request: SpawnRequest) {
        do throws(OperationError) {
            let started = try request.spawn()
            close(started.pidfd)
            child = started.pid
            reaper.expect(started.pid) { [unowned self] status in
                self.child = nil
                self.end(status == .exited(0) ? .passed : .failed(reason: "the command ended with \(status)", timedOut: false))
            }
        } catch {
            endLater(.failed(reason: error.message, timedOut: false))
        }
    }

    private func watch(_ descriptor: CInt, _ events: UInt32, _ handler: @escaping (UInt32) -> Void) {
        do throws(OperationError) {
            try loop.watch(descriptor, events, handler)
        } catch {
            endLater(.failed(reason: error.message, timedOut: false))
        }
    }

    /// Not within `start`: its caller has not taken note of the attempt yet.
    private func endLater(_ result: ProbeResult) {
        loop.schedule(at: EventLoop.now) { [weak self] in self?.end(result) }
    }

    private func end(_ result: ProbeResult) {
        let report = finish
        finish = nil
        release()
        report?(result)
    }

    private func release() {
        if let timer { loop.cancel(timer) }
        timer = nil
        if descriptor >= 0 {
            loop.unwatch(descriptor)
            close(descriptor)
            descriptor = -1
        }
        if let child {
            // Its group too: a script may have started others. The reaper buries them without a report.
            reaper.forget(child)
            kill(-child, SIGKILL)
            self.child = nil
        }
    }
}
