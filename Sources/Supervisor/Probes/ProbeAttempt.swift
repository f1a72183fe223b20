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
    private var isWatched = false
    /// Nobody waits for the answer: it is looked at a little later, in one wake-up with those of the other probes that were due, and only
    /// then waited for.
    private let isPatient: Bool
    private var look: TimerQueue.Token?

    /// An answer within this machine takes much less; who runs is not looked after more closely than that.
    private static let gatheringMs = 32

    init(loop: EventLoop, reaper: ChildReaper, target: ProbeTarget, timeoutMs: Int, isPatient: Bool, finish: @escaping (ProbeResult) -> Void) {
        self.loop = loop
        self.reaper = reaper
        self.target = target
        self.isPatient = isPatient && timeoutMs > 2 * Self.gatheringMs
        self.finish = finish
        timer = loop.schedule(at: EventLoop.now + timeoutMs) { [unowned self] in
            self.end(.failed(reason: "no answer within \(timeoutMs) ms", timedOut: true))
        }
    }

    /// May end within the call.
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
        case .failure(let failure): end(.failed(reason: "cannot connect to \(address): \(errorText(failure.code))", timedOut: false))
        case .success(let connecting):
            descriptor = connecting
            // To this machine it is done when the call returns, and nothing has to be waited for.
            if hasPeer { connected() } else { watch(writable, address) }
        }
    }

    private var hasPeer: Bool {
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
        }
    }

    private func watch(_ events: UInt32, _ address: SocketAddress) {
        guard !isWatched else { return loop.rewatch(descriptor, events) }
        do throws(OperationError) {
            try loop.watch(descriptor, events) { [unowned self] _ in self.proceed(address) }
            isWatched = true
        } catch {
            end(.failed(reason: error.message, timedOut: false))
        }
    }

    /// What was waited for has come.
    private func proceed(_ address: SocketAddress) {
        if isConnected { return unsent.isEmpty ? receive(address) : ask(address) }
        let code = Sockets.error(of: descriptor)
        guard code == 0 else { return end(.failed(reason: "cannot connect to \(address): \(errorText(code))", timedOut: false)) }
        connected()
    }

    private func connected() {
        isConnected = true
        if case .http(let address, _) = target { ask(address) } else { end(.passed) }
    }

    private func ask(_ address: SocketAddress) {
        let sent = send(descriptor, unsent, unsent.count, CInt(MSG_NOSIGNAL))
        if sent < 0, errno != EAGAIN { return end(.failed(reason: "cannot send: \(errorText(errno))", timedOut: false)) }
        if sent > 0 { unsent.removeFirst(sent) }
        guard unsent.isEmpty else { return watch(writable, address) }
        guard isPatient, !isWatched else { return watch(readable, address) }
        look = loop.schedule(at: (EventLoop.now / Self.gatheringMs + 2) * Self.gatheringMs) { [unowned self] in
            self.look = nil
            self.receive(address)
        }
    }

    private func receive(_ address: SocketAddress) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EAGAIN { return watch(readable, address) }
        guard count > 0 else { return end(.failed(reason: "the connection ended without an answer", timedOut: false)) }
        answer += chunk[..<count]
        if let result = HTTPProbe.result(answer) { end(result) } else { watch(readable, address) }
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
            end(.failed(reason: error.message, timedOut: false))
        }
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
        if let look { loop.cancel(look) }
        look = nil
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
