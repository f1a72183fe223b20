import LaunchPlan

/// Services that run on demand: who starts, and who makes room.
///
/// ## Rules
///
/// 1. Whoever is needed and does not run waits in one queue, in the order in which somebody first came for it. Only the head of the queue
///    starts, so that nobody is overtaken for ever by those who need less.
/// 2. The head starts when it fits: with all that runs, its memory keeps the budget at every moment.
/// 3. Else those who are not used end for it, least recently used first, and no more of them than it takes.
/// 4. Where that is not enough, services in use are *closed*, least recently used first: they answer what they have begun, and who comes
///    now waits behind the head.
/// 5. Nobody who is used is closed or ended before it was ready for as long as its start took. So at most half of the time goes into
///    starts, however clients alternate, and a wait is bounded by the starts and the requests before it.
/// 6. Who is not used for `IdlePolicy.stopAfterMs` ends.
///
/// The queue is as long as there are services; how many requests may wait is the proxy's limit.
extension Core {
    /// Of one service.
    struct Demand: Sendable, Equatable {
        /// Leases of clients that know where it is.
        var held = 0
        /// Leases of clients that wait for it, and since when there are any.
        var waiting = 0
        var since: Int?
    }

    mutating func demand(_ name: String, held: Int, waiting: Int, _ now: Int) {
        let since = waiting > 0 ? demands[name]?.since ?? now : nil
        demands[name] = held == 0 && waiting == 0 ? nil : Demand(held: held, waiting: waiting, since: since)
        for id in units.keys where units[id]?.name == name { units[id]?.usedAt = now }
    }

    /// From here on the target's budget counts. Where nothing is to be, what is on its way out keeps to the one before.
    mutating func keepTo(_ target: Change.Target) {
        if !target.services.isEmpty { memoryBudgetBytes = target.memoryBudgetBytes }
    }

    /// True where something moved.
    mutating func makeRoom(_ now: Int, _ actions: inout [Action]) -> Bool {
        for id in units.keys where units[id]?.machine.everReady == true { units[id]?.trialSince = nil }
        let onDemand = units.values.filter { $0.machine.isOnDemand && !$0.retiring }
        guard !onDemand.isEmpty || !closed.isEmpty else { return false }
        var moved = false
        for unit in onDemand {
            guard let period = unit.service.idle?.stopAfterMs, let end = idleEnd(unit), end <= now else { continue }
            send(.rest(reason: "nobody used it for \(period / 1000) s"), to: unit.id, now, &actions)
            moved = true
        }
        var closing: Set<String> = []
        let head = queue.first
        let missing = missingBytes(for: head?.service)
        if missing > 0 {
            hurry(units.values.filter { $0.leavesAt != nil }, now, &actions)
            let leaving = leavers(for: missing - leavingBytes, now)
            if leaving.allSatisfy({ !isUsed($0) }) {
                let whom = head.map { "`\($0.name)`" } ?? "a change"
                for unit in leaving { send(.rest(reason: "made room for \(whom)"), to: unit.id, now, &actions) }
                moved = moved || !leaving.isEmpty
            } else {
                // By who asks for them, and not by what is closed: who waits for one that is would open it again.
                closing = Set(leaving.filter { demands[$0.name] != nil }.map(\.name))
            }
        } else if let head {
            send(.demand, to: head.id, now, &actions)
            moved = true
        }
        guard closing != closed else { return moved }
        for name in closed.subtracting(closing).sorted() { actions.append(.admit(name: name)) }
        closed = closing
        return true
    }

    /// One timer for all: the next time at which something follows from the clock alone.
    mutating func armRoom(_ now: Int, _ actions: inout [Action]) {
        let onDemand = units.values.filter { $0.machine.isOnDemand && !$0.retiring }
        // As with most stacks: this is asked after every event.
        guard !onDemand.isEmpty || roomDeadline != nil else { return }
        var times = onDemand.compactMap(idleEnd)
        if missingBytes(for: queue.first?.service) > 0 { times += onDemand.compactMap(residencyEnd).filter { $0 > now } }
        guard let next = times.min() else {
            if roomDeadline != nil { actions.append(.disarmRoom) }
            roomDeadline = nil
            return
        }
        guard next != roomDeadline else { return }
        roomDeadline = next
        actions.append(.armRoom(at: next))
    }

    /// Whether a service that always runs may start: those on demand have made the room that it needs.
    var hasRoomForChange: Bool {
        missingBytes(for: nil) <= 0 || !units.values.contains { $0.machine.isOnDemand && Self.occupies($0) }
    }

    // MARK: who

    /// Those that are needed and do not run, in their order.
    private var queue: [Unit] {
        let wanted = units.values.compactMap { unit -> (unit: Unit, since: Int)? in
            guard unit.machine.phase == .idle, !unit.retiring else { return nil }
            if let since = unit.trialSince { return (unit, since) }
            // A client that knew where it was comes again with the same lease.
            return demands[unit.name].map { (unit, $0.since ?? unit.usedAt) }
        }
        return wanted.sorted { ($0.since, $0.unit.id) < ($1.since, $1.unit.id) }.map(\.unit)
    }

    /// Who waits for a closed service does not keep it.
    private func isUsed(_ unit: Unit) -> Bool {
        if unit.trialSince != nil { return true }
        guard let demand = demands[unit.name] else { return false }
        return demand.held > 0 || !closed.contains(unit.name)
    }

    /// Those who end for `missing` bytes, as few as suffice, in the order in which they go; none where all together do not suffice yet.
    private func leavers(for missing: Int, _ now: Int) -> [Unit] {
        let resident = units.values.filter { unit in
            guard unit.machine.isOnDemand, !unit.retiring, unit.trialSince == nil, Self.memory(of: unit.service) > 0 else { return false }
            return Self.occupies(unit) && unit.machine.phase != .ending && residencyEnd(unit).map { $0 <= now } == true
        }
        let order = resident.sorted { (isUsed($0) ? 1 : 0, $0.usedAt, $0.id) < (isUsed($1) ? 1 : 0, $1.usedAt, $1.id) }
        var chosen: [Unit] = []
        var rest = missing
        for unit in order where rest > 0 {
            chosen.append(unit)
            rest -= Self.memory(of: unit.service)
        }
        return rest > 0 ? [] : chosen
    }

    /// When one that is not used ends by itself; nil where it does not.
    private func idleEnd(_ unit: Unit) -> Int? {
        guard let period = unit.service.idle?.stopAfterMs, !isUsed(unit), unit.machine.phase == .ready || unit.machine.phase == .unready else {
            return nil
        }
        return max(unit.usedAt, unit.machine.run?.readyAt ?? 0) + period
    }

    /// Until when one that runs stays whatever others need; nil where only its own progress tells.
    private func residencyEnd(_ unit: Unit) -> Int? {
        guard let run = unit.machine.run, let readyAt = run.readyAt else { return isUsed(unit) ? nil : 0 }
        // Nobody has come since it is ready: nothing was gained by its start that could be lost.
        guard unit.usedAt >= readyAt || isUsed(unit) else { return 0 }
        return readyAt + (readyAt - run.startedAt)
    }

    // MARK: bytes

    /// What is missing for one more service, and for those that a change is about to start.
    private func missingBytes(for service: Service?) -> Int {
        guard let budget = memoryBudgetBytes else { return 0 }
        let used = units.values.filter(Self.occupies).map { Self.memory(of: $0.service) }.reduce(0, +)
        return used + comingBytes + (service.map { Self.memory(of: $0) } ?? 0) - budget
    }

    /// Of services that always run and that a change has not made yet; those that they follow have ended then.
    private var comingBytes: Int {
        (change?.steps ?? []).reduce(0) { sum, step in
            guard let wanted = step.wanted, wanted.service.idle == nil, step.unit == nil else { return sum }
            let leaving = step.action == .exchange ? units(of: step.name).filter(Self.occupies).map { Self.memory(of: $0.service) }.reduce(0, +) : 0
            // What leaves is there until it has left.
            return sum + max(0, Self.memory(of: wanted.service) - leaving)
        }
    }

    /// Of those that are on their way out.
    private var leavingBytes: Int {
        units.values.filter { $0.machine.phase == .ending && ($0.machine.run?.cause == .rested || $0.machine.goal == .stop) }
            .map { Self.memory(of: $0.service) }.reduce(0, +)
    }

    /// Whether a unit's memory is in use, or about to be without a question to the queue.
    static func occupies(_ unit: Unit) -> Bool {
        if unit.machine.hasProcess { return true }
        return unit.machine.isOnDemand ? unit.machine.phase == .waiting : unit.machine.goal == .run
    }

    static func memory(of service: Service) -> Int { service.resources.memoryBytes ?? 0 }

    /// What services need together: all that always run, and the largest of those on demand.
    static func memory(of services: [Service]) -> Int {
        let always = services.filter { $0.idle == nil }.map { memory(of: $0) }.reduce(0, +)
        return always + (services.filter { $0.idle != nil }.map { memory(of: $0) }.max() ?? 0)
    }
}
