import ConfigCompiler
import Control
import Host
import LaunchPlan

/// What `check-setup` looks at, one finding each. Nothing is changed and nothing is started.
struct SetupChecks {
    struct Finding {
        var subject: String
        var holds: Bool
        var finding: String
        var hint: String?
        /// It holds, and something is to be known.
        var isWarning = false
    }

    let session: Session
    var backend: String?

    func all() -> [Finding] {
        let (configuration, compiled) = self.configuration()
        return [claude()] + programs() + [configuration, supervisor(compiled)] + folders(compiled) + preflight(compiled)
    }

    private func claude() -> Finding {
        let path = Paths.onPath("claude", session.caller.environment)
        return Finding(
            subject: "claude", holds: path != nil, finding: path ?? "not found on PATH",
            hint: "install Claude Code: npm install -g @anthropic-ai/claude-code")
    }

    private func programs() -> [Finding] {
        ["anyclaude-supervisor", "anyclaude-proxy", "anyclaude-runtime"].map { name in
            let path = "\(session.caller.programs)/\(name)"
            let holds = Paths.isExecutable(path)
            return Finding(
                subject: name, holds: holds, finding: holds ? path : "\(path) is missing", hint: "install all four programs into one folder")
        }
    }

    private func configuration() -> (Finding, CompiledConfiguration?) {
        do {
            let path = try session.requireConfigurationPath()
            let compiled = try session.compile(path, overrides: backend.map { [Override.backend($0)] } ?? [])
            return (Finding(subject: "configuration", holds: true, finding: "\(path): \(compiled.plan.services.count) services"), compiled)
        } catch {
            return (
                Finding(subject: "configuration", holds: false, finding: error.message ?? "has errors, shown above", hint: error.hint), nil
            )
        }
    }

    private func supervisor(_ compiled: CompiledConfiguration?) -> Finding {
        let name = compiled?.plan.instance ?? session.options.instance ?? Instance.defaultName
        do {
            guard let running = try session.findSupervisor(name) else {
                return Finding(subject: "supervisor", holds: true, finding: "none runs; `anyclaude apply` starts one")
            }
            return Finding(subject: "supervisor", holds: true, finding: "answers at \(running.socket)")
        } catch {
            return Finding(subject: "supervisor", holds: false, finding: error.message, hint: error.hint)
        }
    }

    private func folders(_ compiled: CompiledConfiguration?) -> [Finding] {
        let instance = session.instance(compiled?.plan.instance ?? session.options.instance ?? Instance.defaultName)
        return [("state", instance.state), ("logs", instance.logs), ("runtime", instance.runtime)].map { name, path in
            let problem = Folder.problemMaking(path)
            return Finding(
                subject: "\(name) folder", holds: problem == nil, finding: problem?.message ?? path,
                hint: problem?.hint ?? "change its owner, or choose another place with ANYCLAUDE_HOME")
        }
    }

    /// The plan's own checks, judged as an apply would judge them.
    private func preflight(_ compiled: CompiledConfiguration?) -> [Finding] {
        guard let compiled else { return [] }
        do {
            let base = try session.basePlan(compiled.plan.instance)
            let envelope = try PlanEnvelope(plan: compiled.plan, basePlanId: base?.envelope.planId, provenance: compiled.provenance)
            switch PreflightQuery(session: session).ask(envelope, compiled.plan, configDirectory: compiled.directory) {
            case .report(let report): return report.results.flatMap(findings)
            case .unavailable(let error): throw error
            }
        } catch let error as CommandError {
            return [Finding(subject: "preflight", holds: false, finding: error.message ?? "cannot be made", hint: error.hint)]
        } catch {
            return [Finding(subject: "preflight", holds: false, finding: "\(error)")]
        }
    }

    private func findings(_ result: PreflightResult) -> [Finding] {
        let subject = result.service.isEmpty ? "plan" : result.service
        guard !result.findings.isEmpty else { return [Finding(subject: subject, holds: true, finding: result.check)] }
        return result.findings.map { finding in
            Finding(
                subject: subject, holds: finding.severity != .error, finding: finding.message, hint: finding.hint ?? "see the key `\(result.key)`",
                isWarning: finding.severity == .warning)
        }
    }
}
