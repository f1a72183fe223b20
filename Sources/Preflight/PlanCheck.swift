import Host
import LaunchPlan

/// What a plan must be so that the supervisor can carry it out at all, whoever compiled it.
package enum PlanCheck {
    /// The plan of an envelope.
    ///
    /// - Throws: exit code 6 where its id is not that of its content, 3 where it cannot be carried out.
    package static func verified(_ envelope: PlanEnvelope) throws(OperationError) -> LaunchPlan {
        let plan: LaunchPlan
        do throws(PlanEnvelope.Refusal) {
            plan = try envelope.verified()
        } catch {
            if case .tampered = error { throw OperationError(error.description, hint: "make the plan again", exitCode: 6) }
            throw OperationError(error.description, hint: "make the plan again with this version", exitCode: 3)
        }
        if let problem = problem(plan) { throw OperationError(problem, exitCode: 3) }
        return plan
    }

    static func problem(_ plan: LaunchPlan) -> String? {
        if let problem = PlanLimits.problem(plan) { return problem }
        for check in plan.preflight { if let problem = PlanLimits.problem(check) { return problem } }
        let names = plan.services.map(\.name)
        guard Set(names).count == names.count else { return "two services have the same name" }
        var logs: Set<String> = []
        for service in plan.services {
            let log = service.logs.file ?? "\(service.name).log"
            if !logs.insert(log).inserted { return "two services would write the log \(log)" }
            if !isName(service.name) { return "`\(service.name)` is not a service name: lower-case letters, digits and `-`" }
            if let problem = PlanLimits.problem(service) { return problem }
            if service.argv.isEmpty { return "the service \(service.name) has no program" }
            if service.argv.contains(where: { !$0.secrets.isEmpty }) {
                return "the service \(service.name) has a secret in its arguments, which every user of the machine can read"
            }
            if let unknown = service.dependsOn.first(where: { !names.contains($0) }) {
                return "\(service.name) depends on \(unknown), which is not in the plan"
            }
            let sockets = service.sockets.map(\.name)
            if Set(sockets).count != sockets.count { return "two sockets of \(service.name) have the same name" }
            let isPlain = sockets.allSatisfy { name in
                isName(name) && ![DescriptorName.settings, DescriptorName.secrets, DescriptorName.lease, DescriptorName.leaseKeeper].contains(name)
            }
            if !isPlain { return "a socket of \(service.name) has a name that is not free" }
            let endpoints = [
                service.endpoint, endpoint(service.probes.startup), endpoint(service.probes.readiness), endpoint(service.probes.liveness),
            ]
            for case .socket(let name)? in endpoints where !sockets.contains(name) { return "\(service.name) has no socket `\(name)`" }
            if let file = service.logs.file, file.contains("/") || file.hasPrefix(".") {
                return "the log of \(service.name) must be a plain file name"
            }
        }
        if let unknown = plan.preflight.first(where: { !names.contains($0.service) }) {
            return "a check before the apply is of the service \(unknown.service), which is not in the plan"
        }
        if let problem = onDemandProblem(plan) { return problem }
        return cycle(plan.services).map { "these services wait for each other: \($0.joined(separator: ", "))" }
    }

    /// Services that come and go must not take others with them, and each must find room.
    private static func onDemandProblem(_ plan: LaunchPlan) -> String? {
        let onDemand = plan.services.filter { $0.idle != nil }
        let names = Set(onDemand.map(\.name))
        for service in plan.services {
            guard let needed = service.dependsOn.first(where: names.contains) else { continue }
            return "\(service.name) depends on \(needed), which runs on demand only"
        }
        let always = plan.services.filter { $0.idle == nil }.map { $0.resources.memoryBytes ?? 0 }.reduce(0, +)
        for service in onDemand {
            if service.replace == .overlap { return "\(service.name) runs on demand and cannot be replaced by overlap" }
            if service.leases { return "\(service.name) runs on demand and cannot ask for other services" }
            guard let budget = plan.memoryBudgetBytes else { continue }
            guard let needed = service.resources.memoryBytes else {
                return "\(service.name) runs on demand and does not say how much memory it needs"
            }
            if always + needed > budget { return "\(service.name) never fits: the memory budget is \(budget) bytes, \(always + needed) are needed" }
        }
        return nil
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 40
            && name.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func endpoint(_ probe: Probe?) -> Endpoint? {
        switch probe?.check {
        case .http(_, let endpoint), .post(_, _, let endpoint), .tcp(let endpoint): endpoint
        case .exec, nil: nil
        }
    }

    /// What is left when services without open dependencies are taken away again and again.
    static func cycle(_ services: [Service]) -> [String]? {
        var left = services
        while !left.isEmpty {
            let names = Set(left.map(\.name))
            let next = left.filter { !names.isDisjoint(with: $0.dependsOn) }
            if next.count == left.count { return left.map(\.name) }
            left = next
        }
        return nil
    }
}
