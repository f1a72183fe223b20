import Diagnostics

/// What each engine needs, and which keys it has no use for.
enum EngineChecks {
    static func check(_ backend: Backend, _ engine: EngineName, _ diagnostics: inout [Diagnostic]) {
        if let (key, why) = missing(backend, engine) {
            diagnostics.append(
                Diagnostic(
                    .engineNeeds, "engine `\(engine.rawValue)` of backend `\(backend.name)` needs \(key)",
                    at: backend.section.span(of: BackendKeys.engine) ?? backend.nameSpan, label: "needs \(key)", notes: why.map { [$0] } ?? [],
                    path: "/backends/\(backend.name)"))
        }
        if engine != .native, backend[BackendKeys.replace] == .overlap {
            diagnostics.append(
                Diagnostic(
                    .overlapImpossible, "engine `\(engine.rawValue)` cannot be replaced by overlap",
                    at: backend.section.span(of: BackendKeys.replace) ?? backend.nameSpan,
                    label: "this engine binds its port by itself",
                    fixes: backend.section.span(of: BackendKeys.replace).map {
                        [Fix("write `stop-first`", .suggestion, edits: [.init($0, "\"stop-first\"")])]
                    } ?? [], path: "/backends/\(backend.name)/replace"))
        }
        ProbeChecks.check(backend, engine, &diagnostics)
        for path in unusable(engine) {
            let parts = path.split(separator: ".").map(String.init)
            guard let key = parts.last, let span = backend.section.field(at: parts)?.keySpan else { continue }
            diagnostics.append(
                Diagnostic(
                    .withoutEffect, "engine `\(engine.rawValue)` has no use for `\(key)`", at: span, label: "without effect",
                    path: "/backends/\(backend.name)"))
        }
    }

    private static func missing(_ backend: Backend, _ engine: EngineName) -> (key: String, why: String?)? {
        let section = backend.section
        // A value that was reported as wrong is not missing.
        if section.isFaulty(BackendKeys.model) || section.isFaulty(BackendKeys.modelPath) || section.isFaulty(BackendKeys.serverScript)
            || section.isFaulty(BackendKeys.command)
        {
            return nil
        }
        let isPath = backend.modelPath != nil
        switch engine {
        case .native, .llamaServer:
            return isPath ? nil : ("a model on this machine", "write its path (`./models/…`, `/…`, `~/…`) as `model`, or as `modelPath`")
        case .mlxTextgen, .mlxLM, .vllm: return isPath || backend[BackendKeys.model] != nil ? nil : ("a `model`", nil)
        case .script:
            if !backend.section.has(BackendKeys.serverScript) { return ("a `serverScript`", nil) }
            return isPath || backend[BackendKeys.model] != nil ? nil : ("a `model`", "it is the script's first argument")
        case .command: return backend.section.has(BackendKeys.command) ? nil : ("a `command`", nil)
        }
    }

    /// The keys of a backend that nothing of a worker of the engine is made from, those of its sections as `cache.maxBytes`.
    static func unusable(_ engine: EngineName) -> [String] {
        let batch = [BackendKeys.maxQueue.name, BackendKeys.maxBatch.name]
        let python = BackendKeys.pythonVenv.name
        let script = BackendKeys.serverScript.name
        let command = BackendKeys.command.name
        let threads = "\(BackendKeys.resources.name).\(ResourceKeys.threads.name)"
        func cache(_ names: [String]) -> [String] { names.map { "\(BackendKeys.cache.name).\($0)" } }
        let allButEnable = cache(CacheKeys.scope.keys.map(\.name).filter { $0 != CacheKeys.enable.name })
        return switch engine {
        case .native:
            [python, script, command, BackendKeys.toolCallDialect.name, BackendKeys.reasoningFormat.name, BackendKeys.images.name]
        case .mlxTextgen: batch + [script, command] + cache([CacheKeys.maxBytes.name, CacheKeys.warm.name]) + [threads]
        case .mlxLM:
            batch + [script, command, threads]
                + cache([CacheKeys.enable.name, CacheKeys.minTokens.name, CacheKeys.directory.name, CacheKeys.warm.name])
        case .llamaServer: batch + [python, script, command] + allButEnable
        case .vllm: batch + [script, command] + allButEnable + [threads]
        case .script: batch + [command, threads] + cache([CacheKeys.warm.name])
        case .command: batch + [script, python, threads] + cache([CacheKeys.warm.name])
        }
    }
}
