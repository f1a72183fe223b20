import Control
import LaunchPlan

/// All services of an instance and the change that is under way: `(state, event) -> actions`.
///
/// A *unit* is one revision of a service on this machine; a service has two units only while one replaces another. Units of
/// one service that may not run together (`stop-first`) are separated here: the new one is made when nothing of the others
/// is left. `serving` names the unit that other services and clients mean.
public struct Core: Sendable {
    public struct Unit: Sendable, Identifiable {
        public let id: Int
        /// What the service is made of: its digest, the bindings and the secrets; equal means nothing to do.
        public let identity: String
        public internal(set) var machine: ServiceMachine
        /// Of one that runs on demand: since when it is to be ready once, to show that it can be, whether or not somebody needs it.
        var trialSince: Int?
        /// When somebody last came or went.
        var usedAt: Int
        /// On its way out: it serves no new clients and is forgotten when it has stopped.
        public internal(set) var retiring = false
        /// Of one that leaves when nobody uses it any more: when it goes whoever does.
        var leavesAt: Int?

        public var service: Service { machine.service }
        public var name: String { machine.service.name }
    }

    public internal(set) var units: [Int: Unit] = [:]
    public internal(set) var serving: [String: Int] = [:]
    public internal(set) var change: Change?
    /// What clients want, by the service's name.
    var demands: [String: Demand] = [:]
    /// What all services together may use; nil for no limit.
    var memoryBudgetBytes: Int?
    /// Services that are about to make room for others: who comes now waits, as if they did not run.
    public internal(set) var closed: Set<String> = []
    var roomDeadline: Int?
    private var nextUnit = 1
    private var seed: SplitMix64

    public init(seed: UInt64) { self.seed = SplitMix64(state: seed) }

    public enum Event: Sendable, Equatable {
        case unit(Int, ServiceEvent)
        case begin(Change.Request)
        case changeTimer(Change.Timer)
        /// How many leases on a service there are: of clients that know where it is, and of clients that wait for it.
        case demand(service: String, held: Int, waiting: Int)
        case roomTimer
        /// Nobody holds a lease on the service any more.
        case unused(service: String)
        /// The time of one that leaves is over.
        case leaveTimer(unit: Int)
        /// How a request to the service went.
        case answered(service: String, failed: Bool)
        /// What the shell answers to `commit`.
        case committed(problem: String?)
    }

    public enum Action: Sendable, Equatable {
        case unit(Int, ServiceAction)
        /// It goes when nobody uses it, at the latest then: answered by `unused`, at once where nobody does, or `leaveTimer`.
        case leave(unit: Int, at: Int)
        /// Nothing of the unit is left, and it does not come back.
        case forget(Int)
        case serve(name: String, unit: Int?)
        case armChange(Change.Timer, at: Int)
        case disarmChange(Change.Timer)
        /// Those who wait for the service may be let in again, where it is ready.
        case admit(name: String)
        case armRoom(at: Int)
        case disarmRoom
        case progress(Change.Progress)
        /// Make the target the current generation, durably; answered by `committed`.
        case commit
        case finished(Change.Result)
    }

    /// - Parameter now: milliseconds on a clock that never goes back.
    public mutating func handle(_ event: Event, now: Int) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .unit(let id, let event):
            // What is on its way out does not come back.
            let isRevival = event == .start || event == .restart
            if !isRevival || units[id]?.retiring == false { send(event, to: id, now, &actions) }
        case .begin(let request):
            if let change { actions += disarmAll(change) }
            change = Change(request, now: now)
            keepTo(request.target)
            if let deadline = change?.deadline { actions.append(.armChange(.deadline, at: deadline)) }
        case .changeTimer(let timer): changeTimer(timer, now, &actions)
        case .demand(let service, let held, let waiting): demand(service, held: held, waiting: waiting, now)
        case .roomTimer: roomDeadline = nil
        case .unused(let service): hurry(units(of: service), now, &actions)
        case .leaveTimer(let unit): hurry(units[unit].map { [$0] } ?? [], now, &actions)
        case .answered(let service, let failed): change?.count(service, failed: failed)
        case .committed(let problem): committed(problem, now, &actions)
        }
        settle(now, &actions)
        return actions
    }

    /// Level-triggered: what follows from the state is done until nothing follows any more.
    private mutating func settle(_ now: Int, _ actions: inout [Action]) {
        var moved = true
        while moved {
            moved = releaseWaiting(now, &actions)
            endLeavers(now, &actions)
            moved = forgetRetired(&actions) || moved
            moved = advanceChange(now, &actions) || moved
            moved = makeRoom(now, &actions) || moved
        }
        armRoom(now, &actions)
    }

    /// Starts what waited for a dependency that is ready now.
    private mutating func releaseWaiting(_ now: Int, _ actions: inout [Action]) -> Bool {
        var moved = false
        for id in units.keys.sorted() {
            guard let unit = units[id], unit.machine.phase == .waiting else { continue }
            guard unit.service.dependsOn.allSatisfy(isReady) else { continue }
            send(.dependenciesReady, to: id, now, &actions)
            moved = true
        }
        return moved
    }

    private mutating func forgetRetired(_ actions: inout [Action]) -> Bool {
        let done = units.values.filter { $0.retiring && $0.machine.phase == .stopped }.map(\.id).sorted()
        for id in done {
            units[id] = nil
            actions.append(.forget(id))
        }
        return !done.isEmpty
    }

    private func isReady(_ name: String) -> Bool {
        units.values.contains { $0.name == name && $0.machine.phase == .ready }
    }

    mutating func send(_ event: ServiceEvent, to id: Int, _ now: Int, _ actions: inout [Action]) {
        guard var unit = units.removeValue(forKey: id) else { return }
        let answers = unit.machine.handle(event, now: now)
        units[id] = unit
        actions += answers.map { .unit(id, $0) }
    }

    /// A new unit, stopped.
    mutating func makeUnit(_ service: Service, identity: String, _ now: Int) -> Int {
        let id = nextUnit
        nextUnit += 1
        units[id] = Unit(id: id, identity: identity, machine: ServiceMachine(service: service, seed: seed.next()), usedAt: now)
        return id
    }

    /// A process that an earlier supervisor started becomes a unit. `run` 1 is its run.
    public mutating func adopt(_ service: Service, identity: String, pid: Int32, ready: Bool, now: Int) -> (unit: Int, actions: [Action]) {
        let id = makeUnit(service, identity: identity, now)
        var actions: [Action] = []
        serve(service.name, by: id, &actions)
        send(.adopted(pid: pid, ready: ready), to: id, now, &actions)
        settle(now, &actions)
        return (id, actions)
    }

    mutating func serve(_ name: String, by id: Int?, _ actions: inout [Action]) {
        guard serving[name] != id else { return }
        serving[name] = id
        actions.append(.serve(name: name, unit: id))
    }

    /// Units of a service in the order of their making.
    func units(of name: String) -> [Unit] { units.values.filter { $0.name == name }.sorted { $0.id < $1.id } }

    /// Those whose listening sockets are needed: of units, and of what a change is on its way to.
    var servicesWithListeners: [Service] { units.values.map(\.service) + (change?.request.target.services.map(\.service) ?? []) }

    func disarmAll(_ change: Change) -> [Action] { [.disarmChange(.deadline), .disarmChange(.probation)] }
}
