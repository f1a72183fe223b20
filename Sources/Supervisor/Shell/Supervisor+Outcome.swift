import Control
import Glibc
import Host
import LaunchPlan

/// How changes end.
extension Supervisor {
    /// The target is healthy: from here on it is what a restart brings back. Returns why it could not be made so.
    func commit() -> String? {
        guard var committed = session?.generation else { return nil }
        let isAnother = committed.number != generation?.number
        do throws(OperationError) {
            if isAnother { try session?.secrets?.prepare(for: committed.number) }
            try store.commit(committed)
            if !isAnother { try keepSecrets() }
        } catch {
            log.write(.error, "cannot make the generation current: \(error.message)")
            return error.message
        }
        committed.standing = .good
        generation = committed
        plan = session?.plan
        if isAnother {
            do throws(OperationError) {
                try keepSecrets()
            } catch {
                log.write(.error, "the next supervisor has to finish this: \(error.message)")
            }
        }
        if session?.stays == true { endsWithLastClient = false }
        return nil
    }

    /// What was sent for a change that succeeded counts from here on.
    func keepSecrets() throws(OperationError) {
        guard let sent = session?.secrets else { return }
        secrets = sent
        try secrets.keep()
    }

    func finished(_ result: Change.Result) {
        listeners.retain(core.servicesWithListeners)
        let identities = Set(core.units.values.map(\.identity))
        makings = makings.filter { identities.contains($0.key) }
        answerLeasesForNothing()
        watchSecretFiles()
        if secretsMayHaveChanged {
            secretsMayHaveChanged = false
            checkSecretsSoon()
        }
        for address in listeners.newlyUnclaimed() {
            log.write(.warning, "the listener \(address) was passed to this supervisor, and no service of the plan serves it: its clients wait")
        }
        guard let session else {
            if result == .converged { reportReady() }
            if result == .stopped {
                if endsWithLastClient { forgetSecrets() }
                stopLoop()
            }
            return
        }
        switch result {
        case .converged: break
        case .stopped:
            forgetSecrets()
            end(session, Outcome(result: .stopped, exitCode: 0, generation: generation?.number, planId: generation?.planId))
            stopLoop()
        case .committed(let gaps):
            let warning = session.warnings.isEmpty ? nil : session.warnings.joined(separator: "; ")
            end(
                session,
                Outcome(result: .committed, exitCode: 0, generation: generation?.number, planId: generation?.planId, reason: warning, gapsMs: gaps))
        case .rolledBack(let reason, let culprit, let gaps): failed(session, .rolledBack, 4, reason, culprit, gaps)
        case .failed(let reason, let culprit, let gaps): failed(session, .failed, 5, reason, culprit, gaps)
        }
    }

    /// Nothing runs that needs them. After a signal they stay, since a restart of the unit must find them.
    private func forgetSecrets() {
        do throws(OperationError) {
            try secrets.forget()
        } catch {
            log.write(.error, "the values that an apply sent are still there: \(error.message)")
        }
    }

    private func failed(_ session: ApplySession, _ result: Outcome.Result, _ code: Int, _ reason: String, _ culprit: String?, _ gaps: [String: Int]) {
        if let rejected = session.generation {
            do throws(OperationError) {
                try store.reject(rejected)
            } catch {
                log.write(.error, "cannot mark generation \(rejected.number) as bad: \(error.message)")
            }
        }
        let tail = session.logTail ?? culprit.map { logTail($0, session) } ?? []
        end(
            session,
            Outcome(
                result: result, exitCode: code, generation: generation?.number, planId: generation?.planId, reason: reason,
                hint: culprit.map { "`anyclaude logs \($0)` has more" }, logTail: tail, gapsMs: gaps))
    }

    private func logTail(_ name: String, _ session: ApplySession) -> [String] {
        for live in live.values where live.record.service.name == name { live.pump?.catchUp() }
        return session.plan?.service(named: name).map { LogTail.lines(Self.tailLines, of: logPath($0)) } ?? []
    }

    static let tailLines = 20

    func refuse(_ session: ApplySession, _ error: OperationError) {
        log.write(.warning, "refused: \(error.message)")
        end(
            session, Outcome(result: .refused, exitCode: Int(error.exitCode), generation: generation?.number, reason: error.message, hint: error.hint)
        )
    }

    func end(_ session: ApplySession, _ outcome: Outcome, record: Bool = true) {
        tell(session, ProgressEvent(kind: .outcome, elapsedMs: session.elapsedMs, outcome: outcome))
        session.reply?.endEvents()
        if self.session === session { self.session = nil }
        // Ended, so that whoever started it sees that and tries again: alive and empty, it would only look like a success.
        if session.isInitial, outcome.exitCode != 0, generation == nil, !isEnding {
            exitCode = Int32(outcome.exitCode)
            // A refusal comes before the loop runs.
            loop.schedule(at: EventLoop.now) { [unowned self] in self.stopAll() }
        }
        log.write(
            outcome.exitCode == 0 ? .notice : .warning, "\(session.command): \(outcome.result.rawValue)\(outcome.reason.map { ": \($0)" } ?? "")")
        reportStatusToSystemd()
        guard record else { return }
        let touched = outcome.result == .committed || outcome.result == .rolledBack || outcome.result == .failed ? session.generation : nil
        let entry = HistoryEntry(
            generation: touched?.number, planId: touched?.planId, time: Clock.timestamp(), user: session.user, command: session.command,
            outcome: outcome.result, reason: outcome.reason)
        do throws(OperationError) {
            try history.append(entry)
        } catch {
            log.write(.error, "cannot write the history: \(error.message)")
        }
    }

    // MARK: progress

    func report(_ progress: Change.Progress) {
        // Now: the log goes on with the instance that is restored.
        if case .rollback(_, let culprit?) = progress, let session { session.logTail = logTail(culprit, session) }
        let (kind, level, message): (ProgressEvent.Kind, SupervisorLog.Level, String) =
            switch progress {
            case .gate(let text): (.gate, .notice, text)
            case .warning(let text): (.gate, .warning, text)
            case .rollback(let reason, _): (.rollback, .warning, "rolling back: \(reason)")
            }
        if case .warning = progress { session?.warnings.append(message) }
        log.write(level, message)
        broadcast(ProgressEvent(kind: kind, elapsedMs: session?.elapsedMs ?? 0, message: message))
    }

    /// What a service says of its start, for those who wait for it.
    func progressed(_ unit: Int, _ text: String) {
        guard let it = core.units[unit] else { return }
        broadcast(ProgressEvent(kind: .service, elapsedMs: session?.elapsedMs ?? 0, service: it.name, state: it.machine.state, message: text))
    }

    /// To the one who asked, and to all who watch.
    func broadcast(_ event: ProgressEvent) {
        if let session { tell(session, event) } else { for subscriber in eventSubscribers { send(event, subscriber) } }
    }

    func tell(_ session: ApplySession, _ event: ProgressEvent) {
        send(event, session.reply)
        for subscriber in eventSubscribers { send(event, subscriber) }
    }

    func send(_ event: ProgressEvent, _ reply: ControlReply?) { reply?.event(event) }
}
