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
        for (section, keys) in unusable(backend, engine) {
            for key in keys {
                guard let span = section.fields[key]?.keySpan else { continue }
                diagnostics.append(
                    Diagnostic(
                        .withoutEffect, "engine `\(engine.rawValue)` has no use for `\(key)`", at: span, label: "without effect",
                        path: "/backends/\(backend.name)"))
            }
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

    private static func unusable(_ backend: Backend, _ engine: EngineName) -> [(Section, [String])] {
        let cache = backend[BackendKeys.cache] ?? Section(CacheKeys.scope)
        let resources = backend[BackendKeys.resources] ?? Section(ResourceKeys.scope)
        let batch = [BackendKeys.maxQueue.name, BackendKeys.maxBatch.name]
        let python = BackendKeys.pythonVenv.name
        let script = BackendKeys.serverScript.name
        let command = BackendKeys.command.name
        let threads = ResourceKeys.threads.name
        let all = CacheKeys.scope.keys.map(\.name)
        return switch engine {
        case .native: [(backend.section, [python, script, command])]
        case .mlxTextgen: [(backend.section, batch + [script, command]), (cache, [CacheKeys.maxBytes.name]), (resources, [threads])]
        case .mlxLM:
            [
                (backend.section, batch + [script, command]), (resources, [threads]),
                (cache, [CacheKeys.enable.name, CacheKeys.minTokens.name, CacheKeys.directory.name]),
            ]
        case .llamaServer: [(backend.section, batch + [python, script, command]), (cache, all.filter { $0 != CacheKeys.enable.name })]
        case .vllm: [(backend.section, batch + [script, command]), (cache, all.filter { $0 != CacheKeys.enable.name }), (resources, [threads])]
        case .script: [(backend.section, batch + [command]), (resources, [threads])]
        case .command: [(backend.section, batch + [script, python]), (resources, [threads])]
        }
    }
}
