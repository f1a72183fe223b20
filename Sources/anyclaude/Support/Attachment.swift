import Control
import Glibc

/// This command as a client of the stack, for as long as the value lives: the supervisor counts the open stream.
final class Attachment {
    private let session: Session
    private var supervisor: RunningSupervisor
    private let instance: String
    private var stream: EventStream?
    private var retry = Deadline.after(milliseconds: 0)

    init(session: Session, supervisor: RunningSupervisor, instance: String) throws(ControlClientError) {
        self.session = session
        self.supervisor = supervisor
        self.instance = instance
        stream = try supervisor.client.attach()
    }

    /// Waits until a signal comes; keeps the stream empty, and attaches again to a supervisor that came back.
    func wait(for signals: borrowing SignalPipe) throws -> [Int32] {
        while true {
            var entries = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
            if let descriptor = stream?.descriptor { entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
            let count = poll(&entries, nfds_t(entries.count), stream == nil ? 1000 : -1)
            let taken = signals.take()
            if !taken.isEmpty { return taken }
            if count > 0, entries.count > 1, entries[1].revents != 0 { drain() }
            if stream == nil, retry.hasPassed { attachAgain() }
        }
    }

    /// Holds the stack until a signal ends it.
    func hold(until signals: inout SignalPipe) throws -> Int32 {
        let signal = try wait(for: signals).first ?? SIGTERM
        session.debug(1, "signal \(signal)")
        restore()
        return ExitStatus.success
    }

    /// Before this client leaves: only a supervisor that counts it can end the stack with it.
    func restore() {
        if stream != nil { drain() }
        if stream == nil { attachAgain() }
    }

    private func drain() {
        do throws(ControlClientError) {
            while case .event? = try stream?.step(by: .after(milliseconds: 0)) {}
            guard let state = try stream?.step(by: .after(milliseconds: 0)), case .ended = state else { return }
            lose("the supervisor ended the stream")
        } catch {
            lose(error.message)
        }
    }

    private func lose(_ why: String) {
        session.debug(1, "no longer attached: \(why)")
        stream = nil
        retry = .after(milliseconds: 1000)
    }

    /// The services live on without their supervisor, so the client is not disturbed.
    private func attachAgain() {
        do {
            if hasCrashed { supervisor = try session.supervisor(instance, untilIdle: supervisor.endsWithLastClient) }
            stream = try supervisor.client.attach()
            session.debug(1, "attached again")
        } catch {
            lose("\(error)")
        }
    }

    /// One that ended in order took its socket away. After a crash nobody but its clients is there to start another, which takes
    /// over the services and ends them with the last client; systemd starts its own.
    private var hasCrashed: Bool {
        guard !supervisor.isSystem, Paths.exists(supervisor.socket) else { return false }
        do throws(ControlClientError) {
            _ = try supervisor.client.status()
            return false
        } catch {
            return error.kind == .unreachable
        }
    }
}
