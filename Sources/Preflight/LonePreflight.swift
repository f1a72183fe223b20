import Control
import Host
import LaunchPlan

/// A look at a plan where no supervisor runs: with the instance's folders, secrets and whatever an earlier supervisor left running, and
/// without taking its lock or writing anything.
package struct LonePreflight {
    private let instance: Instance

    package init(instance: Instance) { self.instance = instance }

    /// - Parameter plan: that of the request's envelope, whose id the caller has made or checked.
    /// - Throws: where the plan is none that a supervisor of this version could carry out.
    package func report(_ plan: LaunchPlan, _ request: ApplyRequest) throws(OperationError) -> PreflightReport {
        if let problem = PlanCheck.problem(plan) { throw OperationError(problem, exitCode: 3) }
        try Staleness.checkInstance(plan, instance.name)
        let secrets = try SecretStore(runtime: instance.runtime, state: instance.state).knowing(request.secrets)
        let left = runs()
        let names = Set(plan.services.map(\.name))
        let checks = Preflight(
            bindings: PlanPath.Bindings(named: instance.bound(request.bindings)), secrets: secrets,
            members: { name in left.filter { $0.service == name }.reduce(into: []) { $0.formUnion($1.members()) } },
            leaving: Set(left.map(\.service)).subtracting(names))
        let current = Result { () throws(OperationError) in try StoreReader(state: instance.state).current() }
        var report = checks.report(plan, request, current: (try? current.get()).flatMap { $0 }.map(Staleness.Current.init))
        // The supervisor that an apply starts does without it, too.
        if case .failure(let error) = current {
            report.results.append(
                PreflightResult(
                    service: "", key: "instance", check: "what is current can be read",
                    findings: [PreflightFinding(.warning, error.message, hint: error.hint ?? "the next apply makes a new generation")]))
        }
        return report
    }

    /// What a supervisor that died left: the next one takes it over, with its ports, or ends what is left of it.
    private func runs() -> [(service: String, members: () -> [Int32])] {
        RunDirectory.all(in: instance.runtime).compactMap { directory in
            guard let record = RunRecord.read(directory) else { return nil }
            // All of /proc is read for the answer: only where a port is taken.
            return (
                record.service.name,
                {
                    let isLeader = ProcFS.stat(record.pid)?.startTime == record.startTime
                    let members = Membership.members(leader: isLeader ? record.pid : nil, directory: directory.path, wasStartedHere: nil)
                    return members + (record.group.flatMap(ControlGroup.init(existing:))?.members ?? [])
                }
            )
        }
    }
}
