import Control
import LaunchPlan

/// How units go that a change takes away.
///
/// Where others need their place they end at once. Else whoever they serve is served to the end: a worker that the new plan does not have
/// stays as it is until the last lease on it is let go, and a proxy with a successor takes no new connection. Both for `LeaseReply.drainMs`
/// at most, and only until a change needs their place, or wants them again: then a worker simply stays.
extension Core {
    /// - Parameter gently: nobody needs their place.
    /// - Returns: true where something moved.
    mutating func retire(_ leaving: [Unit], gently: Bool = false, _ now: Int, _ actions: inout [Action]) -> Bool {
        for unit in leaving {
            units[unit.id]?.retiring = true
            if serving[unit.name] == unit.id { serve(unit.name, by: nil, &actions) }
            guard gently, unit.machine.isUp else {
                send(.stop, to: unit.id, now, &actions)
                continue
            }
            if unit.service.leases {
                send(.drain, to: unit.id, now, &actions)
            } else if unit.service.endpoint != nil {
                units[unit.id]?.leavesAt = now + LeaseReply.drainMs
                actions.append(.leave(unit: unit.id, at: now + LeaseReply.drainMs))
            } else {
                send(.stop, to: unit.id, now, &actions)
            }
        }
        return !leaving.isEmpty
    }

    /// Of these, those that still serve somebody end now.
    mutating func hurry(_ leaving: [Unit], _ now: Int, _ actions: inout [Action]) {
        for unit in leaving where unit.isLeaving {
            units[unit.id]?.leavesAt = nil
            send(.stop, to: unit.id, now, &actions)
        }
    }

    /// One that a change wants again before it was told to end goes on.
    mutating func bringBack(_ id: Int, _ actions: inout [Action]) {
        guard let unit = units[id], unit.leavesAt != nil else { return }
        units[id]?.leavesAt = nil
        units[id]?.retiring = false
        serve(unit.name, by: id, &actions)
    }

    /// What has ended by itself while it left does not come back.
    mutating func endLeavers(_ now: Int, _ actions: inout [Action]) {
        for id in units.keys.sorted() {
            guard let unit = units[id], unit.leavesAt != nil, !unit.machine.isUp else { continue }
            units[id]?.leavesAt = nil
            send(.stop, to: id, now, &actions)
        }
    }
}

extension Core.Unit {
    /// It is on its way out and has time.
    var isLeaving: Bool { retiring && (leavesAt != nil || machine.run?.isDraining == true) }
}

extension ServiceMachine {
    fileprivate var isUp: Bool { phase == .ready || phase == .unready }
}
