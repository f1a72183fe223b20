import LaunchPlan

@testable import Supervisor

/// The shell of a `Core` without processes: it answers actions as a machine would, on a clock of its own.
struct World {
    var core = Core(seed: 42)
    var now = 0
    /// Arguments of programs that end at once.
    var failing: Set<String> = []
    /// Units whose process was asked to end and has not yet.
    private(set) var terminated: Set<Int> = []
    private(set) var results: [Change.Result] = []
    private(set) var warnings: [String] = []
    /// Processes that exist, by unit.
    private(set) var processes: [Int: Int] = [:]
    private(set) var spawns: [String: Int] = [:]
    private var timers: [Timer: Int] = [:]
    private var names: [Int: (name: String, replace: ReplaceMode)] = [:]
    /// What must never happen and did.
    private(set) var violations: [String] = []

    enum Timer: Hashable {
        case unit(Int, ServiceTimer)
        case change(Change.Timer)
        case room
        case leave(Int)
    }
    /// Names that `admit` was said for, the last one last.
    private(set) var admitted: [String] = []

    mutating func begin(_ request: Change.Request) {
        warnings = []
        handle(.begin(request))
    }

    /// Applies and waits until it is committed.
    mutating func settle(_ target: Change.Target) {
        begin(.init(kind: .apply, target: target))
        for name in target.services.map(\.service.name) { notifyReady(name) }
        elapse(target.probationMs)
    }

    mutating func handle(_ event: Core.Event) {
        var queue = [event]
        while !queue.isEmpty {
            for action in core.handle(queue.removeFirst(), now: now) { perform(action, &queue) }
            check()
        }
    }

    private mutating func perform(_ action: Core.Action, _ queue: inout [Core.Event]) {
        switch action {
        case .unit(let unit, let action): perform(action, unit, &queue)
        case .armChange(let timer, let time): timers[.change(timer)] = time
        case .disarmChange(let timer): timers[.change(timer)] = nil
        case .commit:
            // Those on demand may have gone on since, in the same move.
            for unit in core.units.values where !unit.retiring && !unit.machine.isOnDemand && unit.machine.phase != .ready {
                let isSaid = warnings.contains { $0.hasPrefix("\(unit.name) is not ready") }
                if !isSaid { violations.append("committed with \(unit.name) \(unit.machine.phase), and nothing said") }
            }
            queue.append(.committed(problem: nil))
        case .finished(let result): results.append(result)
        case .leave(let unit, let time): timers[.leave(unit)] = time
        case .forget(let unit):
            timers[.leave(unit)] = nil
            if processes[unit] != nil { violations.append("unit \(unit) was forgotten with a process") }
            timers = timers.filter { if case .unit(unit, _) = $0.key { false } else { true } }
        case .admit(let name): admitted.append(name)
        case .armRoom(let time): timers[.room] = time
        case .disarmRoom: timers[.room] = nil
        case .progress(.warning(let text)): warnings.append(text)
        case .serve, .progress: break
        }
    }

    private mutating func perform(_ action: ServiceAction, _ unit: Int, _ queue: inout [Core.Event]) {
        switch action {
        case .spawn(let run):
            guard let service = core.units[unit]?.service else { return }
            if processes[unit] != nil { violations.append("unit \(unit) started a second process") }
            names[unit] = (service.name, service.replace)
            processes[unit] = run
            spawns[service.name, default: 0] += 1
            queue.append(.unit(unit, .spawned(run: run, pid: Int32(100 + unit))))
            if failing.contains(where: { service.argv.contains(.text($0)) }) {
                queue.append(.unit(unit, .exited(run: run, .exited(1))))
            }
        case .terminate, .drain: terminated.insert(unit)
        case .kill(let run):
            if processes[unit] == run {
                processes[unit] = nil
                terminated.remove(unit)
                queue.append(.unit(unit, .exited(run: run, .signalled(9))))
                queue.append(.unit(unit, .gone(run: run)))
            }
        case .arm(let timer, let time): timers[.unit(unit, timer)] = time
        case .disarm(let timer): timers[.unit(unit, timer)] = nil
        case .probe, .changed: break
        }
    }

    /// Lets the processes that were asked to end do so, and those that are asked because of it.
    mutating func endTerminated() {
        while let unit = terminated.min() { end(unit, .signalled(15)) }
    }

    mutating func end(_ unit: Int, _ status: ExitStatus) {
        terminated.remove(unit)
        guard let run = processes.removeValue(forKey: unit) else { return }
        handle(.unit(unit, .exited(run: run, status)))
        handle(.unit(unit, .gone(run: run)))
    }

    mutating func crash(_ name: String) { if let unit = serving(name) { end(unit, .exited(1)) } }

    mutating func notifyReady(_ name: String) {
        for (unit, run) in processes where core.units[unit]?.name == name { handle(.unit(unit, .notifiedReady(run: run))) }
    }

    /// Time passes; what is due happens in order.
    mutating func elapse(_ milliseconds: Int) {
        let end = now + milliseconds
        while let due = timers.filter({ $0.value <= end }).min(by: { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }) {
            timers[due.key] = nil
            now = max(now, due.value)
            switch due.key {
            case .unit(let unit, let timer): handle(.unit(unit, .timer(timer)))
            case .change(let timer): handle(.changeTimer(timer))
            case .room: handle(.roomTimer)
            case .leave(let unit): handle(.leaveTimer(unit: unit))
            }
        }
        now = end
    }

    /// The invariants of the core, after every event.
    private mutating func check() {
        for (name, units) in Dictionary(grouping: processes.keys, by: { names[$0]?.name ?? "" }) where units.count > 1 {
            if units.contains(where: { names[$0]?.replace == .stopFirst }) { violations.append("\(name) has \(units.count) processes") }
        }
        for unit in core.units.values {
            if unit.machine.phase == .stopped, processes[unit.id] != nil { violations.append("\(unit.name) is stopped and has a process") }
            if unit.machine.hasProcess != [.starting, .ready, .unready, .ending].contains(unit.machine.phase) {
                violations.append("\(unit.name): a run in \(unit.machine.phase)")
            }
        }
        let used = processes.keys.compactMap { core.units[$0]?.service.resources.memoryBytes }.reduce(0, +)
        if let budget = core.memoryBudgetBytes, used > budget { violations.append("\(used) of \(budget) bytes are in use") }
        for (name, id) in core.serving where core.units[id]?.name != name { violations.append("\(name) is served by nothing") }
    }

    func serving(_ name: String) -> Int? { core.serving[name] }
    func state(_ name: String) -> String? { core.units.values.filter { $0.name == name }.max { $0.id < $1.id }?.machine.state.rawValue }
    func runs(_ name: String) -> Int { spawns[name, default: 0] }
    func liveCount(_ name: String) -> Int { processes.keys.filter { names[$0]?.name == name }.count }
    var isChanging: Bool { core.change != nil }
}
