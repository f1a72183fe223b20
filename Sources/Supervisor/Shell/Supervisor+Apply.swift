import Control
import Host
import JSON
import LaunchPlan
import Preflight

/// Applies: what is checked before anything is touched, and how a change begins.
extension Supervisor {
    func apply(_ request: ApplyRequest, user: String, isInitial: Bool = false, _ reply: ControlReply?) {
        guard let session = begin(.apply, user: user, command: request.command, reply) else { return }
        session.isInitial = isInitial
        do throws(OperationError) {
            let plan = try verify(request)
            session.plan = plan
            session.stays = request.stays ?? false
            let making = Making(bindings: instance.bound(request.bindings), secrets: secrets.knowing(request.secrets))
            session.secrets = request.secrets.isEmpty ? nil : making.secrets
            let fallback = try fallback()
            let target = try target(plan, making)
            try demandPreflight(plan, making, session)
            if isRunning(target), request.envelope.planId == generation?.planId {
                try keepSecrets()
                if session.stays { endsWithLastClient = false }
                return end(
                    session, Outcome(result: .unchanged, exitCode: 0, generation: generation?.number, planId: generation?.planId), record: false)
            }
            try announceDiff(request.envelope, plan, target, session)
            session.generation = try generation(for: request, making.bindings, session)
            log.write(.notice, "applying generation \(session.generation?.number ?? 0), \(Staleness.short(request.envelope.planId))")
            handle(.begin(Change.Request(kind: .apply, target: target, fallback: fallback, timeoutMs: request.timeoutMs)))
        } catch {
            refuse(session, error)
        }
    }

    /// The current one again where it is what is asked for, as after a stop: a generation is a plan, not a start.
    private func generation(for request: ApplyRequest, _ bindings: [String: String], _ session: ApplySession) throws(OperationError) -> Generation {
        if var current = generation, current.planId == request.envelope.planId, current.bindings == bindings {
            current.provenance = request.envelope.provenance
            return current
        }
        return try store.begin(request.envelope, bindings: bindings, user: session.user, command: session.command)
    }

    func rollback(_ request: RollbackRequest, user: String, _ reply: ControlReply?) {
        guard let session = begin(.rollback, user: user, command: request.command, reply) else { return }
        do throws(OperationError) {
            let chosen = try rollbackTarget(request.generation)
            let envelope = try store.reader.envelope(chosen)
            let plan = try PlanCheck.verified(envelope)
            let making = making(chosen)
            let fallback = try fallback()
            let target = try target(plan, making)
            session.plan = plan
            if chosen.number == generation?.number, isRunning(target) {
                return end(session, Outcome(result: .unchanged, exitCode: 0, generation: chosen.number, planId: chosen.planId), record: false)
            }
            try demandPreflight(plan, making, session)
            try announceDiff(envelope, plan, target, session)
            session.generation = chosen
            log.write(.notice, "returning to generation \(chosen.number)")
            handle(.begin(Change.Request(kind: .apply, target: target, fallback: fallback)))
        } catch {
            refuse(session, error)
        }
    }

    /// A session, unless a change is under way.
    func begin(_ kind: ApplySession.Kind, user: String, command: String, _ reply: ControlReply?) -> ApplySession? {
        let session = ApplySession(kind: kind, user: user, command: command, reply: reply)
        reply?.beginEvents()
        guard self.session == nil, !isEnding else {
            let what = isEnding ? "the supervisor is stopping" : "another change is under way: \(self.session?.command ?? "")"
            let outcome = Outcome(result: .refused, exitCode: 3, reason: what, hint: "wait for its end and try again")
            send(ProgressEvent(kind: .outcome, elapsedMs: 0, outcome: outcome), reply)
            reply?.endEvents()
            return nil
        }
        self.session = session
        return session
    }

    // MARK: checks

    private func verify(_ request: ApplyRequest) throws(OperationError) -> LaunchPlan {
        let plan = try PlanCheck.verified(request.envelope)
        try Staleness.checkInstance(plan, instance.name)
        if let timeout = request.timeoutMs, !(1...PlanLimits.longestMs).contains(timeout) {
            throw OperationError("the time for the apply is \(timeout) ms, outside 1...\(PlanLimits.longestMs)", exitCode: 64)
        }
        try Staleness.check(request, current: current)
        return plan
    }

    // MARK: targets

    /// Of what is current, or was.
    func making(_ generation: Generation) -> Making { Making(bindings: generation.bindings, secrets: secrets) }

    func target(_ plan: LaunchPlan, _ making: Making) throws(OperationError) -> Change.Target {
        var wanted: [Change.Wanted] = []
        for service in plan.services { wanted.append(.init(service: service, identity: try Identity.of(service, making))) }
        for want in wanted { makings[want.identity] = making }
        return Change.Target(services: wanted, probationMs: plan.probationMs, memoryBudgetBytes: plan.memoryBudgetBytes)
    }

    /// What is current. A service that runs is wanted as it runs: the file of a secret may hold another one since it was read.
    func fallback() throws(OperationError) -> Change.Target {
        guard let generation, let plan else { return .nothing }
        var target = try target(plan, making(generation))
        for index in target.services.indices {
            let running = core.units.values.filter {
                $0.service == target.services[index].service && !$0.retiring && bindings(of: $0.id) == generation.bindings
            }
            // Of two, the one that serves.
            guard let kept = running.first(where: { core.serving[$0.name] == $0.id }) ?? running.first else { continue }
            makings[kept.identity] = makings[kept.identity] ?? making(generation)
            target.services[index].identity = kept.identity
        }
        return target
    }

    /// Exactly the target's services run, and each is there. One that starts is waited for by an apply, as one that gave up is tried again.
    private func isRunning(_ target: Change.Target) -> Bool {
        let running = core.units.values.filter { !$0.retiring }
        return running.count == target.services.count
            && target.services.allSatisfy { wanted in
                running.contains { $0.identity == wanted.identity && core.isThere($0.id) }
            }
    }

    private func rollbackTarget(_ number: Int?) throws(OperationError) -> Generation {
        if let number {
            guard let chosen = try store.reader.read(number) else {
                throw OperationError("there is no generation \(number)", hint: "`anyclaude history` lists them", exitCode: 3)
            }
            return chosen
        }
        guard let current = generation else { throw OperationError("nothing was ever applied", exitCode: 3) }
        for number in store.reader.numbers.reversed() where number < current.number {
            if let candidate = try store.reader.read(number), candidate.standing == .good { return candidate }
        }
        throw OperationError("there is no good generation before \(current.number)", hint: "`anyclaude history` lists them", exitCode: 3)
    }

    /// What the plans say, and what only this machine knows: other roots or secrets replace a service whose part of the plan is
    /// the same.
    private func announceDiff(
        _ envelope: PlanEnvelope, _ plan: LaunchPlan, _ target: Change.Target, _ session: ApplySession
    ) throws(OperationError) {
        let old = generation.flatMap { generation in self.plan.map { (plan: $0, provenance: generation.provenance) } }
        do {
            var diff = try PlanDiff.between(old, (plan: plan, provenance: envelope.provenance))
            for index in diff.changes.indices where diff.changes[index].action == .unchanged {
                let name = diff.changes[index].service
                guard let wanted = target.services.first(where: { $0.service.name == name }) else { continue }
                let running = core.units.values.filter { $0.name == name && !$0.retiring }
                if running.contains(where: { $0.identity == wanted.identity }) { continue }
                diff.changes[index].action = running.isEmpty ? .create : .replace
                diff.changes[index].mode = running.isEmpty ? nil : wanted.service.replace
            }
            tell(session, ProgressEvent(kind: .diff, elapsedMs: session.elapsedMs, diff: diff))
        } catch {
            throw OperationError("cannot compare the plans: \(error)", exitCode: 70)
        }
    }
}
