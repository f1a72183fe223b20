import Control
import Glibc
import Host
import LaunchPlan

/// The routes of `ControlAPI`, on the supervisor's own thread.
extension Supervisor {
    func serve(_ route: ControlRoute, user: uid_t, _ reply: ControlReply) {
        let name = Self.userName(user)
        switch route {
        case .status: reply.send(status())
        case .plan: servePlan(reply)
        case .history: serveHistory(reply)
        case .events:
            reply.beginEvents()
            eventSubscribers.insert(reply)
        case .attach: attach(reply)
        case .logs(let service, let lines, let follow): serveLogs(service, lines, follow, reply)
        case .preflight(let request): servePreflight(request, reply)
        case .apply(let request): apply(request, user: name, reply)
        case .rollback(let request): rollback(request, user: name, reply)
        case .down(let request): down(request.command, user: name, reply)
        case .restart(let request): restart(request, reply)
        case .gc(let request): collectGarbage(request, reply)
        }
    }

    func clientLeft(_ reply: ControlReply) {
        eventSubscribers.remove(reply)
        logSubscribers[reply] = nil
        if session?.reply === reply { session?.reply = nil }
        if attached.remove(reply) != nil, attached.isEmpty, endsWithLastClient {
            log.write(.notice, "the last client has gone")
            stopAll()
        }
    }

    private func servePlan(_ reply: ControlReply) {
        guard let generation else {
            return reply.fail(404, ControlError(message: "no generation is current", hint: "`anyclaude apply` makes the first", exitCode: 3))
        }
        do throws(OperationError) {
            reply.send(try store.reader.whole(generation))
        } catch {
            reply.fail(error)
        }
    }

    private func serveHistory(_ reply: ControlReply) {
        do throws(OperationError) { reply.send(try history.entries()) } catch { reply.fail(error) }
    }

    private func collectGarbage(_ request: GCRequest, _ reply: ControlReply) {
        guard session == nil else {
            return reply.fail(409, ControlError(message: "a change is under way", hint: "wait for its end and try again", exitCode: 3))
        }
        guard request.keep >= 0 else { return reply.fail(400, ControlError(message: "keep is negative: \(request.keep)", exitCode: 64)) }
        reply.send(Retention.clean(store, good: request.keep, others: min(request.keep, Retention.others)))
    }

    // MARK: logs

    private func serveLogs(_ service: String?, _ lines: Int, _ follow: Bool, _ reply: ControlReply) {
        let known = Set((plan?.services ?? []).map(\.name)).union(core.units.values.map(\.name))
        if let service, !known.contains(service) {
            return reply.fail(
                404,
                ControlError(message: "there is no service \(service)", hint: "there are: \(known.sorted().joined(separator: ", "))", exitCode: 3))
        }
        reply.beginEvents()
        for name in service.map({ [$0] }) ?? known.sorted() {
            guard let path = (core.units.values.first { $0.name == name }?.service ?? plan?.service(named: name)).map(logPath) else { continue }
            for line in LogTail.lines(lines, of: path) { reply.event(LogLine(service: name, line: line), isBounded: true) }
        }
        if follow { logSubscribers[reply] = .some(service) } else { reply.endEvents() }
    }

    func publish(_ lines: [String], _ service: String) {
        journal?.write(lines, service: service)
        for (reply, wanted) in logSubscribers where wanted == nil || wanted == service {
            for line in lines { reply.event(LogLine(service: service, line: line)) }
        }
    }

    // MARK: clients

    private func attach(_ reply: ControlReply) {
        guard !isEnding else {
            return reply.fail(409, ControlError(message: "the supervisor is stopping", hint: "wait for its end and try again", exitCode: 3))
        }
        reply.beginEvents()
        attached.insert(reply)
    }

    /// With `--until-idle` somebody must come: a supervisor whose starter died must not stay for ever.
    func expectClients() {
        guard endsWithLastClient else { return }
        loop.schedule(at: EventLoop.now + SupervisorOptions.attachDeadlineMs) { [unowned self] in
            guard self.attached.isEmpty, self.endsWithLastClient else { return }
            // An apply that is still under way is its caller's presence.
            if self.session != nil { return self.expectClients() }
            self.log.write(.notice, "no client came")
            self.stopAll()
        }
    }

    // MARK: single services

    private func restart(_ request: RestartRequest, _ reply: ControlReply) {
        if request.service == RestartRequest.supervisor { return restartSupervisor(request, reply) }
        guard let unit = core.serving[request.service] else {
            let names = core.units.values.map(\.name).sorted().joined(separator: ", ")
            return reply.fail(
                404, ControlError(message: "there is no service \(request.service)", hint: names.isEmpty ? nil : "there are: \(names)", exitCode: 3))
        }
        guard session == nil else {
            return reply.fail(409, ControlError(message: "a change is under way", hint: "wait for its end and try again", exitCode: 3))
        }
        log.write(.notice, "\(request.command): restarting \(request.service)")
        handle(unit, .restart)
        if let status = core.units[unit].map(serviceStatus) { reply.send(status) }
    }

    static func userName(_ uid: uid_t) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else { return String(uid) }
        return String(cString: name)
    }
}
