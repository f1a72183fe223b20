import Control
import Host
import JSON
import LaunchPlan
import Preflight

/// What must hold before a plan is applied: looked at for whoever asks, and demanded by every apply.
extension Supervisor {
    /// Touches nothing and remembers nothing, secrets that were sent included.
    func servePreflight(_ request: ApplyRequest, _ reply: ControlReply) {
        do throws(OperationError) {
            let plan = try PlanCheck.verified(request.envelope)
            try Staleness.checkInstance(plan, instance.name)
            let checks = preflight(plan, Making(bindings: instance.bound(request.bindings), secrets: secrets.knowing(request.secrets)))
            reply.send(checks.report(plan, request, current: current))
        } catch {
            reply.fail(error)
        }
    }

    /// - Throws: exit code 3 with the first of what does not hold. Warnings are told and logged.
    func demandPreflight(_ plan: LaunchPlan, _ making: Making, _ session: ApplySession) throws(OperationError) {
        let report = preflight(plan, making, makesFolders: true).report(plan)
        for (result, finding) in report.findings where finding.severity == .warning {
            log.write(.warning, "preflight: \(result.key): \(finding.message)" + (finding.hint.map { " (\($0))" } ?? ""))
        }
        let summary = report.summary
        tell(session, ProgressEvent(kind: .preflight, elapsedMs: session.elapsedMs, message: summary, preflight: report))
        guard !report.holds, let (result, finding) = report.findings.first else { return }
        let more = report.count(.error) > 1 ? ", and \(report.count(.error) - 1) more" : ""
        throw OperationError("preflight: \(result.key): \(finding.message)\(more)", hint: finding.hint, exitCode: 3)
    }

    private func preflight(_ plan: LaunchPlan, _ making: Making, makesFolders: Bool = false) -> Preflight {
        let names = Set(plan.services.map(\.name))
        return Preflight(
            bindings: PlanPath.Bindings(named: making.bindings), secrets: making.secrets, isListening: listeners.holds,
            members: { name in
                self.live.values.filter { $0.record.service.name == name }.reduce(into: []) {
                    $0.formUnion($1.members)
                }
            }, leaving: Set(core.units.values.map(\.name)).subtracting(names), replaced: replaced(by: plan, making),
            makesFolders: makesFolders)
    }

    /// The services that run, and of which the plan would run a second instance beside the first.
    private func replaced(by plan: LaunchPlan, _ making: Making) -> Set<String> {
        Set(
            plan.services.filter { service in
                let running = core.units.values.filter { $0.name == service.name && !$0.retiring }
                guard service.replace == .overlap, !running.isEmpty, running.allSatisfy({ $0.service.replace == .overlap }) else { return false }
                let identity = try? Identity.of(service, making)
                return !running.contains { $0.identity == identity }
            }.map(\.name))
    }

    var current: Staleness.Current? { generation.map(Staleness.Current.init) }
}
