import Diagnostics
import JSON
import LaunchPlan

/// Which values a plan was made from, and where they stand: each service, whether it is one, and the plan outside them.
struct ProvenanceBuilder {
    typealias Input = Provenance.Input

    let configuration: Configuration
    let sources: SourceMap

    func complete(_ provenance: inout Provenance) {
        provenance.inputs = [ProxyService.name: sorted(proxyInputs())]
        for (backend, engine) in configuration.workers { provenance.inputs[backend.name] = sorted(workerInputs(backend, engine)) }
        let others = Self.keysBesides(BackendKeys.decidingNames.union([BackendKeys.dependsOn.name]))
        provenance.deciding = Dictionary(uniqueKeysWithValues: configuration.backends.map { ($0.name, sorted(deciding($0, besides: others))) })
        provenance.whole = sorted(wholeInputs())
        provenance.unused = sorted(unused(besides: provenance))
    }

    private func sorted(_ inputs: [Input]) -> [Input] { inputs.sorted { $0.key < $1.key } }

    // MARK: workers

    private func workerInputs(_ backend: Backend, _ engine: EngineName) -> [Input] {
        let prefix = "backends.\(backend.name)."
        let useless = Set((EngineChecks.unusable(engine) + Self.proxyOnly(engine)).map { prefix + $0 })
        var inputs = flatten(backend.section, prefix, except: []).filter { !useless.contains($0.key) }
        if !backend.section.has(BackendKeys.engine) {
            inputs.append(.init(key: "\(prefix)engine", value: .string(engine.rawValue), source: source(backend.engineOrigin)))
        }
        if backend[BackendKeys.pythonVenv] == nil, !useless.contains(prefix + BackendKeys.pythonVenv.name) {
            inputs += given(configuration.file, FileKeys.pythonVenv, "")
        }
        let share = backend[BackendKeys.resources]?[ResourceKeys.memory]
        if engine == .native, !backend.section.has(BackendKeys.replace), configuration.memoryBudget != nil, share != nil {
            inputs += budgetInputs(besides: backend)
        }
        // What the whole may take bounds a worker that has no share of its own.
        if engine == .native, share == nil {
            inputs += given(configuration.file[FileKeys.budget], BudgetKeys.memory, "budget.")
        }
        return inputs
    }

    /// What the proxy alone is made from, where the engine's program is not told of it.
    private static func proxyOnly(_ engine: EngineName) -> [String] {
        switch engine {
        case .llamaServer: []
        case .vllm: [BackendKeys.maxTokens.name]
        case .mlxLM: [BackendKeys.apiKey.name]
        case .native, .mlxTextgen, .script, .command: [BackendKeys.apiKey.name, BackendKeys.maxTokens.name]
        }
    }

    /// Whether a second copy fits into the budget depends on what the others take of it.
    private func budgetInputs(besides backend: Backend) -> [Input] {
        configuration.workers.filter { $0.backend.name != backend.name }.flatMap { other in
            given(other.backend[BackendKeys.resources], ResourceKeys.memory, "backends.\(other.backend.name).resources.")
        } + given(configuration.file[FileKeys.budget], BudgetKeys.memory, "budget.")
    }

    private static func keysBesides(_ names: Set<String>) -> Set<String> { Set(BackendKeys.scope.keys.map(\.name)).subtracting(names) }

    /// What the backend itself says about whether a worker is started for it and which others are started for that one; what leads to it is
    /// among the proxy's.
    private func deciding(_ backend: Backend, besides others: Set<String>) -> [Input] {
        let prefix = "backends.\(backend.name)"
        let section = backend.section
        let kind = section.has(BackendKeys.kind) ? "\(prefix).\(BackendKeys.kind.name)" : prefix
        return [.init(key: kind, value: .string(backend.kind.rawValue), source: source(backend.kindOrigin))]
            + flatten(section, "\(prefix).", except: others)
    }

    // MARK: the proxy

    /// The keys of a backend that the proxy itself is made from.
    private static let proxyKeys: Set<String> = [
        BackendKeys.kind.name, BackendKeys.engine.name, BackendKeys.baseUrl.name, BackendKeys.port.name, BackendKeys.apiKey.name,
        BackendKeys.model.name, BackendKeys.modelPath.name, BackendKeys.serverScript.name, BackendKeys.command.name,
        BackendKeys.contextWindow.name, BackendKeys.maxTokens.name, BackendKeys.autoStartServer.name,
    ]

    private func proxyInputs() -> [Input] {
        // Of the two names of the port, the one that counts.
        let isOlder = configuration.file.has(FileKeys.port) && !configuration.proxy.has(ProxyKeys.port)
        var inputs = flatten(configuration.proxy, "proxy.", except: isOlder ? [ProxyKeys.port.name] : [])
        if isOlder { inputs += given(configuration.file, FileKeys.port, "") }
        inputs.append(
            .init(key: FileKeys.backend.name, value: .string(configuration.active), source: source(configuration.activeOrigin)))
        if !configuration.file.has(FileKeys.backend) {
            inputs += configuration.backends.flatMap { given($0.section, BackendKeys.enabled, "backends.\($0.name).") }
        }
        for (index, route) in configuration.routes.enumerated() {
            inputs.append(.init(key: "routes[\(index)].to", value: .string(route.to), source: source(route.targetSpan.map { .file($0) })))
            if let match = route.match { inputs += flatten(match, "routes[\(index)].match.", except: []) }
        }
        let others = Self.keysBesides(Self.proxyKeys)
        // A worker is found by its name.
        let workers = Set(configuration.workers.map(\.backend.name))
        for backend in configuration.reachable {
            let except = workers.contains(backend.name) ? others.union([BackendKeys.port.name]) : others
            inputs += flatten(backend.section, "backends.\(backend.name).", except: except)
        }
        return inputs
    }

    // MARK: the plan

    private func wholeInputs() -> [Input] {
        let file = configuration.file
        let probation = file.field(FileKeys.probation)
        return [
            .init(key: FileKeys.instance.name, value: .string(configuration.instance), source: source(file.origin(of: FileKeys.instance))),
            .init(
                key: FileKeys.probation.name, value: (probation?.value ?? FileKeys.probation.spec.defaultValue)?.json ?? .null,
                source: source(probation?.origin)),
        ] + given(file[FileKeys.budget], BudgetKeys.memory, "budget.")
    }

    /// What was given and is in none of the other lists.
    private func unused(besides provenance: Provenance) -> [Input] {
        let lists = Array(provenance.inputs.values) + Array((provenance.deciding ?? [:]).values) + [provenance.whole ?? []]
        let known = Set(lists.joined().map(\.key))
        let file = configuration.file
        let all =
            given(file, FileKeys.pythonVenv, "") + given(file, FileKeys.port, "")
            + configuration.backends.flatMap { flatten($0.section, "backends.\($0.name).", except: []) }
        return all.filter { $0.source != Input.defaultSource && !known.contains($0.key) }
    }

    // MARK: parts

    func given(_ section: Section?, _ key: some TableKey, _ prefix: String) -> [Input] {
        guard let field = section?.field(key) else { return [] }
        return [.init(key: prefix + key.name, value: field.value.json, source: source(field.origin))]
    }

    /// The values of a section and of those in it, defaults included.
    private func flatten(_ section: Section, _ prefix: String, except: Set<String>) -> [Input] {
        section.scope.keys.flatMap { spec -> [Input] in
            if except.contains(spec.name) || spec.name == BackendKeys.description.name || spec.unused != nil { return [] }
            let key = prefix + spec.name
            guard let field = section.fields[spec.name] else {
                if case .section(let inner) = spec.type { return flatten(Section(inner), "\(key).", except: []) }
                return spec.defaultValue.map { [.init(key: key, value: $0.json, source: Input.defaultSource)] } ?? []
            }
            if case .section(let inner) = field.value { return flatten(inner, "\(key).", except: []) }
            return [.init(key: key, value: field.value.json, source: source(field.origin))]
        }
    }

    private func source(_ origin: Origin?) -> String { (origin ?? .defaultValue).text(sources) }
}
