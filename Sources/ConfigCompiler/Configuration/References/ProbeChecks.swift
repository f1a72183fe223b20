import Diagnostics

/// Keys about the health of a worker that change nothing, and questions that have only one answer.
enum ProbeChecks {
    static func check(_ backend: Backend, _ engine: EngineName, _ diagnostics: inout [Diagnostic]) {
        let health = backend[BackendKeys.health]
        // Of MLX-Textgen a token is asked, whoever starts it.
        let asksTokens = engine == .mlxTextgen || engine == .script && ScriptEngine.isTextgen(backend.section)
        func report(_ message: String, at span: SourceSpan, _ note: String, _ key: String) {
            diagnostics.append(
                Diagnostic(.withoutEffect, message, at: span, label: "without effect", notes: [note], path: "/backends/\(backend.name)/\(key)"))
        }
        for key in [HealthKeys.startup, HealthKeys.readiness, HealthKeys.liveness] {
            guard case .section(let probe)? = health?[key], let span = health?.field(key)?.keySpan else { continue }
            let path = "\(BackendKeys.health.name)/\(key.name)"
            if !asks(probe), let reason = noQuestion(key, engine, asksTokens: asksTokens, health) {
                report("`\(key.name)` of backend `\(backend.name)` asks nothing", at: span, reason, path)
            } else if engine == .native, probe[ProbeKeys.tcp] == backend.port, let span = probe.field(ProbeKeys.tcp)?.keySpan {
                // The supervisor holds it, so that nothing is refused while the worker is replaced.
                report(
                    "`\(key.name)` of backend `\(backend.name)` always passes", at: span,
                    "a connection to the listener of a native worker is accepted whether or not the worker lives; leave `tcp` out, and its own `/health` "
                        + "is asked", "\(path)/\(ProbeKeys.tcp.name)")
            }
        }
        if let span = backend.section.field(BackendKeys.startupTimeout)?.keySpan, let reason = noDeadline(engine, health) {
            report("`\(BackendKeys.startupTimeout.name)` of backend `\(backend.name)` is not used", at: span, reason, BackendKeys.startupTimeout.name)
        }
    }

    private static func asks(_ probe: Section) -> Bool { probe.has(ProbeKeys.http) || probe.has(ProbeKeys.tcp) || probe.has(ProbeKeys.exec) }

    /// Why nothing is asked where the file gives no question; nil where the engine has one of its own.
    private static func noQuestion(_ key: Key<ProbeChoice>, _ engine: EngineName, asksTokens: Bool = false, _ health: Section?) -> String? {
        let remedy = "give it `http: /PATH`, `tcp: PORT` or `exec: [PROGRAM, …]`"
        if key.name == HealthKeys.liveness.name, [.script, .command].contains(engine), !asksTokens {
            return "engine `\(engine.rawValue)` has no question of its own for it: \(remedy)"
        }
        if key.name == HealthKeys.startup.name, engine == .command, isNone(health?[HealthKeys.readiness]) {
            return "with `readiness: none` a command is ready as soon as it runs: \(remedy)"
        }
        return nil
    }

    /// Why the older key for the time of a start is not used; nil where it is.
    private static func noDeadline(_ engine: EngineName, _ health: Section?) -> String? {
        switch health?[HealthKeys.startup] {
        case ProbeChoice.none?: return "`health.startup` is none: no start is waited for"
        case .section(let probe)?:
            if probe.has(ProbeKeys.deadline) { return "`health.startup.timeout` goes before it" }
            return asks(probe) ? nil : noQuestion(HealthKeys.startup, engine, health)
        case nil: return noQuestion(HealthKeys.startup, engine, health)
        }
    }

    private static func isNone(_ choice: ProbeChoice?) -> Bool { if case ProbeChoice.none? = choice { true } else { false } }
}
