import JSON
import LaunchPlan

/// What holds where a key is left out and another key, a name or a kind decides.
struct DerivedValues {
    let origins: ValueOrigins

    private var configuration: Configuration { origins.configuration }

    func candidates(_ target: KeyQuery.Target) -> [ValueOrigin.Candidate] {
        if target.path == [FileKeys.backend.name] { return active }
        guard target.path.count == 3, target.path[0] == FileKeys.backends.name, let backend = configuration.backend(target.path[1]) else { return [] }
        switch target.spec.name {
        case BackendKeys.kind.name:
            guard let kind = BackendKind(name: backend.name) else { return [] }
            return [derived(.string(kind.rawValue), backend.nameSpan.map { .file($0) }, "the backend's own name says so")]
        case BackendKeys.engine.name:
            let decision = backend.section.has(BackendKeys.engine) ? nil : backend.engine(isNeeded: true)
            return decision.map { [derived(.string($0.engine?.rawValue ?? "none"), backend.engineOrigin, $0.reason)] } ?? []
        case BackendKeys.port.name: return port(backend)
        case BackendKeys.baseUrl.name:
            if backend.section.has(BackendKeys.baseUrl) { return [] }
            let field = backend.kind == .vllmMLX ? backend.section.field(BackendKeys.port) : nil
            return [derived(.string(backend.url.text), field?.origin, "what its kind and port give")]
        case BackendKeys.model.name: return backend.kind.defaultModel.map { [derived(.string($0), nil, "the kind's own")] } ?? []
        case BackendKeys.apiKey.name:
            guard backend.kind == .openrouter else { return [] }
            return [derived(["env": .string(EnvironmentVariables.openRouterKey)], nil, "the kind's own variable")]
        case BackendKeys.pythonVenv.name:
            guard let field = configuration.file.field(FileKeys.pythonVenv) else { return [] }
            var result = derived(field.value.json, field.origin, nil)
            result.key = FileKeys.pythonVenv.name
            return [result]
        case BackendKeys.replace.name:
            guard let mode = origins.plan.service(named: backend.name)?.replace, !backend.section.has(BackendKeys.replace) else { return [] }
            return [derived(.string(mode.rawValue), nil, "what the engine and the budget allow")]
        default: return []
        }
    }

    private var active: [ValueOrigin.Candidate] {
        if configuration.file.has(FileKeys.backend) { return [] }
        return [derived(.string(configuration.active), configuration.activeOrigin, "the one that is declared and enabled")]
    }

    private func port(_ backend: Backend) -> [ValueOrigin.Candidate] {
        guard let field = backend.section.field(BackendKeys.baseUrl), case .url(let url) = field.value, url.isOnThisMachine,
            let port = url.explicitPort
        else {
            guard backend.kind == .vllmMLX else { return [] }
            return [derived(.integer(BackendKind.defaultWorkerPort), nil, "the kind's own")]
        }
        var result = derived(.integer(port), field.origin, nil)
        result.key = "backends.\(backend.name).\(BackendKeys.baseUrl.name)"
        return [result]
    }

    private func derived(_ value: JSON, _ origin: Origin?, _ note: String?) -> ValueOrigin.Candidate {
        .init(kind: .derived, value: value, source: (origin ?? .defaultValue).text(origins.sources), note: note)
    }
}
