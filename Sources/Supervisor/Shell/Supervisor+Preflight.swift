import Control
import JSON
import LaunchPlan

/// What must hold before a plan is applied: looked at for whoever asks, and demanded by every apply.
extension Supervisor {
    /// Touches nothing and remembers nothing, secrets that were sent included.
    func servePreflight(_ request: ApplyRequest, _ reply: ControlReply) {
        do throws(SupervisorError) {
            let plan = try verified(request.envelope)
            try checkInstance(plan)
            let secrets = secrets.knowing(request.secrets)
            let bindings = bound(request.bindings)
            var report = preflight(plan, bindings, secrets).report(plan)
            report.results += stalenessResult(request).map { [$0] } ?? []
            report.results += RuntimePath.results(plan, instance)
            reply.send(report)
        } catch {
            reply.fail(error)
        }
    }

    /// - Throws: exit code 3 with the first of what does not hold. Warnings are told and logged.
    func demandPreflight(_ plan: LaunchPlan, _ bindings: [String: String], _ session: ApplySession) throws(SupervisorError) {
        var checks = preflight(plan, bindings, secrets)
        checks.makesFolders = true
        var report = checks.report(plan)
        report.results += RuntimePath.results(plan, instance)
        for (result, finding) in report.findings where finding.severity == .warning {
            log.write(.warning, "preflight: \(result.key): \(finding.message)" + (finding.hint.map { " (\($0))" } ?? ""))
        }
        let summary = report.summary
        tell(session, ProgressEvent(kind: .preflight, elapsedMs: session.elapsedMs, message: summary, preflight: report))
        guard !report.holds, let (result, finding) = report.findings.first else { return }
        let more = report.count(.error) > 1 ? ", and \(report.count(.error) - 1) more" : ""
        throw SupervisorError("preflight: \(result.key): \(finding.message)\(more)", hint: finding.hint, exitCode: 3)
    }

    private func preflight(_ plan: LaunchPlan, _ bindings: [String: String], _ secrets: SecretStore) -> Preflight {
        let names = Set(plan.services.map(\.name))
        return Preflight(
            bindings: Self.roots(bindings), secrets: secrets, listeners: listeners,
            members: { name in
                self.live.values.filter { $0.record.service.name == name }.reduce(into: []) {
                    $0.formUnion($1.members)
                }
            }, leaving: Set(core.units.values.map(\.name)).subtracting(names), replaced: replaced(by: plan, bindings, secrets))
    }

    /// The services that run, and of which the plan would run a second instance beside the first.
    private func replaced(by plan: LaunchPlan, _ bindings: [String: String], _ secrets: SecretStore) -> Set<String> {
        let roots = Self.roots(bindings)
        return Set(
            plan.services.filter { service in
                let running = core.units.values.filter { $0.name == service.name && !$0.retiring }
                guard service.replace == .overlap, !running.isEmpty, running.allSatisfy({ $0.service.replace == .overlap }) else { return false }
                let identity = try? Identity.of(service, bindings: bindings, secrets: secrets, roots: roots)
                return !running.contains { $0.identity == identity }
            }.map(\.name))
    }

    private func stalenessResult(_ request: ApplyRequest) -> PreflightResult? {
        Staleness.result(request, current: current)
    }

    func checkInstance(_ plan: LaunchPlan) throws(SupervisorError) { try Staleness.checkInstance(plan, instance.name) }

    var current: Staleness.Current? {
        generation.map { Staleness.Current(planId: $0.planId, generation: $0.number, folder: $0.bindings[PlanPath.Root.config.rawValue]) }
    }
}

/// Unix sockets have short paths; better known now than at the start of the service.
enum RuntimePath {
    /// Nothing where all fit.
    static func results(_ plan: LaunchPlan, _ instance: Instance) -> [PreflightResult] {
        plan.services.compactMap { service in
            let longest = (service.sockets.map(\.name) + ["notify"]).map(\.utf8.count).max() ?? 0
            // A run's number takes its place too: six digits are a restart each minute for a year.
            guard "\(instance.runtime)/\(service.name).000000/".utf8.count + longest > RunDirectory.longestSocketPath else { return nil }
            return PreflightResult(
                service: service.name, key: "instance", check: "the paths of its sockets are short enough",
                findings: [
                    PreflightFinding(
                        .error, "the runtime directory's path is too long for sockets: \(instance.runtime)",
                        hint: "choose a shorter one with ANYCLAUDE_HOME or XDG_RUNTIME_DIR")
                ])
        }
    }
}
