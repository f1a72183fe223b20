import LaunchPlan

/// From what exists and what is wanted to one step for each service.
extension Core {
    func planSteps(_ request: Change.Request) -> [Change.Step] {
        let wanted = Dictionary(request.target.services.map { ($0.service.name, $0) }, uniquingKeysWith: { first, _ in first })
        let present = Set(units.values.map(\.name))
        let needed = Set(request.target.services.flatMap { Self.addresses(of: $0.service) })
        let isTight = exceedsBudget(request.target)
        return Set(wanted.keys).union(present).sorted().map { name in
            guard let want = wanted[name] else {
                var step = Change.Step(name: name, action: .remove)
                step.early = isTight || units(of: name).contains { !needed.isDisjoint(with: Self.addresses(of: $0.service)) }
                return step
            }
            return self.step(for: want, kind: request.kind)
        }
    }

    private func step(for want: Change.Wanted, kind: Change.Kind) -> Change.Step {
        let name = want.service.name
        let staying = units(of: name).filter { (!$0.retiring || $0.leavesAt != nil) && $0.machine.goal == .run }
        // One that serves is kept rather than one that still starts.
        if let kept = staying.first(where: { $0.identity == want.identity && $0.id == serving[name] })
            ?? staying.first(where: { $0.identity == want.identity })
        {
            let others = staying.contains { $0.id != kept.id }
            // A rollback, and a start after a crash, know which of the two is the good one.
            let action: Change.Step.Action = !others ? .keep : kind == .apply ? .overlap : .keepAlone
            return Change.Step(name: name, action: action, wanted: want, unit: kept.id, failuresBefore: kept.machine.failures)
        }
        let mayOverlap =
            kind != .boot && want.service.replace == .overlap && !staying.isEmpty && units(of: name).allSatisfy { $0.service.replace == .overlap }
        return Change.Step(name: name, action: mayOverlap ? .overlap : .exchange, wanted: want)
    }

    /// The services that leave and those that come do not fit together.
    private func exceedsBudget(_ target: Change.Target) -> Bool {
        guard let budget = target.memoryBudgetBytes else { return false }
        let names = Set(target.services.map(\.service.name))
        let leaving = units.values.filter { !names.contains($0.name) }.map { Self.memory(of: $0.service) }
        return leaving.reduce(Self.memory(of: target.services.map(\.service)), +) > budget
    }

    /// The TCP ports that a service needs for itself.
    static func addresses(of service: Service) -> Set<Int> {
        var ports = Set<Int>()
        for socket in service.sockets {
            if case .tcp(_, let port) = socket.address { ports.insert(port) }
        }
        if case .tcp(_, let port)? = service.endpoint { ports.insert(port) }
        return ports
    }
}
