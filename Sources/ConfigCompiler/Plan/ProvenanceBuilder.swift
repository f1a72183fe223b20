import Diagnostics
import JSON
import LaunchPlan

/// Which values a plan was made from, and where they stand: each service, whether it is one, and the plan outside them.
struct ProvenanceBuilder {
    typealias Input = Provenance.Input

    let configuration: Configuration
    /// By worker: another one that takes the name of its log away.
    let logRivals: [String: Worker]
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
        let useless = Set((EngineChecks.unusable(engine) + Self.proxyOnly(engine) + ShapingKeys.places + ExtraKeys.places).map { prefix + $0 })
        var inputs = flatten(backend.section, prefix, except: []).filter { !useless.contains($0.key) }
        if !backend.section.has(BackendKeys.engine) { inputs.append(derivedEngine(backend, engine)) }
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
        return inputs + logInputs(backend)
    }

    private func derivedEngine(_ backend: Backend, _ engine: EngineName) -> Input {
        .init(key: "backends.\(backend.name).\(BackendKeys.engine.name)", value: .string(engine.rawValue), source: source(backend.engineOrigin))
    }

    /// Where a worker's log is called after it because another one would write a file of the usual name: what makes that one do so.
    private func logInputs(_ backend: Backend) -> [Input] {
        guard let rival = logRivals[backend.name] else { return [] }
        let prefix = "backends.\(rival.name)."
        let engine =
            rival.section.has(BackendKeys.engine) ? given(rival.section, BackendKeys.engine, prefix) : [derivedEngine(rival.backend, rival.engine)]
        return engine + (rival.engine == .script ? given(rival.section, BackendKeys.serverScript, prefix) : [])
    }

    /// What the engine's program is not told of: the proxy is, and the preflight.
    private static func proxyOnly(_ engine: EngineName) -> [String] {
        [BackendKeys.concurrency.name, BackendKeys.toolCallDialect.name, BackendKeys.reasoningFormat.name, BackendKeys.images.name] + untold(engine)
    }

    private static func untold(_ engine: EngineName) -> [String] {
        switch engine {
        case .llamaServer: []
        case .vllm: [BackendKeys.maxTokens.name]
        case .mlxLM: [BackendKeys.apiKey.name, BackendKeys.contextWindow.name]
        case .mlxTextgen: [BackendKeys.apiKey.name, BackendKeys.maxTokens.name, BackendKeys.contextWindow.name]
        case .native, .script, .command: [BackendKeys.apiKey.name, BackendKeys.maxTokens.name]
        }
    }

    private static func isToldOfWindow(_ engine: EngineName) -> Bool { !proxyOnly(engine).contains(BackendKeys.contextWindow.name) }

    /// Whether a second copy fits into the budget depends on what the others take of it.
    private func budgetInputs(besides backend: Backend) -> [Input] {
        configuration.workers.filter { $0.backend.name != backend.name }.flatMap { other in
            given(other.backend[BackendKeys.resources], ResourceKeys.memory, "backends.\(other.backend.name).resources.")
                + onDemandInput(other.backend)
        } + given(configuration.file[FileKeys.budget], BudgetKeys.memory, "budget.")
    }

    static func keysBesides(_ names: Set<String>) -> Set<String> { Set(BackendKeys.scope.keys.map(\.name)).subtracting(names) }

    /// What the backend itself says about whether a worker is started for it and which others are started for that one; what leads to it is
    /// among the proxy's.
    private func deciding(_ backend: Backend, besides others: Set<String>) -> [Input] {
        let prefix = "backends.\(backend.name)"
        let section = backend.section
        let kind = section.has(BackendKeys.kind) ? "\(prefix).\(BackendKeys.kind.name)" : prefix
        return [.init(key: kind, value: .string(backend.kind.rawValue), source: source(backend.kindOrigin))]
            + flatten(section, "\(prefix).", except: others)
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
        ] + given(file[FileKeys.budget], BudgetKeys.memory, "budget.") + windows + configuration.workers.flatMap { onDemandInput($0.backend) }
    }

    /// That there is an `idle`, whatever it says.
    private func onDemandInput(_ backend: Backend) -> [Input] {
        guard let field = backend.section.field(BackendKeys.idle) else { return [] }
        return [.init(key: "backends.\(backend.name).\(BackendKeys.idle.name)", value: true, source: source(field.origin))]
    }

    /// The preflight alone counts with the windows that workers are not told of.
    private var windows: [Input] {
        configuration.workers.filter { !Self.isToldOfWindow($0.engine) }.flatMap { backend, _ in
            given(backend.section, BackendKeys.contextWindow, "backends.\(backend.name).")
        }
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
    func flatten(_ section: Section, _ prefix: String, except: Set<String>) -> [Input] {
        section.scope.keys.flatMap { spec -> [Input] in
            if except.contains(spec.name) || spec.name == BackendKeys.description.name || spec.unused != nil { return [] }
            let key = prefix + spec.name
            guard let field = section.fields[spec.name] else {
                if case .section(let inner) = spec.type { return flatten(Section(inner), "\(key).", except: []) }
                return spec.defaultValue.map { [.init(key: key, value: $0.json, source: Input.defaultSource)] } ?? []
            }
            if case .section(let inner) = field.value { return flatten(inner, "\(key).", except: []) }
            if case .list(let elements) = field.value {
                return elements.enumerated().flatMap { flatten($1, "\(key)[\($0)].", except: []) }
            }
            return [.init(key: key, value: field.value.json, source: source(field.origin))]
        }
    }

    func source(_ origin: Origin?) -> String { (origin ?? .defaultValue).text(sources) }
}
