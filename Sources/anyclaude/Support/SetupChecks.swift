import ConfigCompiler
import Control
import Glibc
import LaunchPlan

/// What `check-setup` looks at, one finding each. Nothing is changed and nothing is started.
struct SetupChecks {
    struct Finding {
        var subject: String
        var holds: Bool
        var finding: String
        var hint: String?
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
            var existing = path
            while !Paths.exists(existing), existing != "/", existing != "." { existing = Paths.directory(of: existing) }
            let holds = access(existing, W_OK) == 0
            return Finding(
                subject: "\(name) folder", holds: holds, finding: holds ? path : "\(existing) cannot be written to",
                hint: "change its owner, or choose another place with ANYCLAUDE_HOME")
        }
    }

    /// The plan's own checks that can be judged from here; the supervisor judges all of them, in its own environment, at each apply.
    private func preflight(_ compiled: CompiledConfiguration?) -> [Finding] {
        guard let compiled else { return [] }
        let bindings: PlanPath.Bindings = [.config: compiled.directory, .home: session.caller.home, .bin: session.caller.programs]
        return compiled.plan.preflight.compactMap { check in
            guard let holds = judge(check.requirement, bindings) else { return nil }
            return Finding(
                subject: check.service, holds: holds, finding: holds ? check.text : "not so: \(check.text)", hint: "see the key `\(check.key)`")
        }
    }

    private func judge(_ requirement: PreflightCheck.Requirement, _ bindings: PlanPath.Bindings) -> Bool? {
        switch requirement {
        case .model(let path): (try? path.resolved(bindings)).map { Paths.exists("\($0)/config.json") }
        case .file(let path): (try? path.resolved(bindings)).map(Paths.exists)
        case .executable(.text(let program)): Paths.onPath(program, session.caller.environment) != nil
        case .executable(.path(let path)): (try? path.resolved(bindings)).map(Paths.isExecutable)
        case .secret(.env(let name)): !(session.caller.environment[name] ?? "").isEmpty
        case .secret(.file(let path)): (try? path.resolved(bindings)).map { access($0, R_OK) == 0 }
        case .executable, .secret, .listener, .processors, .writableDirectory, .memory: nil
        }
    }
}
