import Diagnostics
import JSON
import LaunchPlan

/// Which values each service was made from, and where they stand.
struct ProvenanceBuilder {
    let configuration: Configuration
    let sources: SourceMap

    func inputs() -> [String: [Provenance.Input]] {
        var result: [String: [Provenance.Input]] = [:]
        result[ProxyService.name] = sorted(proxyInputs())
        for (backend, engine) in configuration.workers {
            var inputs = flatten(backend.section, "backends.\(backend.name).", except: [])
            if !backend.section.has(BackendKeys.engine) {
                inputs.append(.init(key: "backends.\(backend.name).engine", value: .string(engine.rawValue), source: source(deciding(backend))))
            }
            if let venv = configuration.file.field(FileKeys.pythonVenv), backend[BackendKeys.pythonVenv] == nil {
                inputs.append(.init(key: "pythonVenv", value: json(venv.value), source: source(venv.origin)))
            }
            if engine == .native, backend[BackendKeys.resources]?[ResourceKeys.memory] == nil,
                let budget = configuration.file[FileKeys.budget]?.field(BudgetKeys.memory)
            {
                inputs.append(.init(key: "budget.memory", value: json(budget.value), source: source(budget.origin)))
            }
            result[backend.name] = sorted(inputs)
        }
        return result
    }

    private func sorted(_ inputs: [Provenance.Input]) -> [Provenance.Input] { inputs.sorted { $0.key < $1.key } }

    /// What decided the engine where none is written.
    private func deciding(_ backend: Backend) -> Origin {
        let section = backend.section
        let keys = [
            section.field(BackendKeys.serverScript), section.field(BackendKeys.command), section.field(BackendKeys.modelPath),
            section.field(BackendKeys.model),
        ]
        return keys.compactMap { $0 }.first?.origin ?? .defaultValue
    }

    /// The keys of a backend that the proxy itself is made from.
    private static let proxyKeys: Set<String> = [
        BackendKeys.kind.name, BackendKeys.engine.name, BackendKeys.baseUrl.name, BackendKeys.port.name, BackendKeys.apiKey.name,
        BackendKeys.model.name,
        BackendKeys.modelPath.name, BackendKeys.serverScript.name, BackendKeys.command.name, BackendKeys.contextWindow.name,
        BackendKeys.maxTokens.name,
        BackendKeys.autoStartServer.name,
    ]

    private func proxyInputs() -> [Provenance.Input] {
        var inputs = flatten(configuration.proxy, "proxy.", except: [])
        inputs.append(.init(key: "backend", value: .string(configuration.active), source: source(configuration.file.origin(of: FileKeys.backend))))
        if let port = configuration.file.field(FileKeys.port) {
            inputs.append(.init(key: "port", value: json(port.value), source: source(port.origin)))
        }
        for (index, route) in configuration.routes.enumerated() {
            let value: JSON = ["model": route.model.map { .string($0) } ?? .null, "to": .string(route.to)]
            inputs.append(.init(key: "routes[\(index)]", value: value, source: route.span.map(sources.place) ?? "default"))
        }
        for backend in configuration.needed {
            let others = Set(BackendKeys.scope.keys.map(\.name)).subtracting(Self.proxyKeys)
            inputs += flatten(backend.section, "backends.\(backend.name).", except: others)
        }
        return inputs
    }

    /// The values of a section and of those in it, defaults included.
    private func flatten(_ section: Section, _ prefix: String, except: Set<String>) -> [Provenance.Input] {
        section.scope.keys.flatMap { spec -> [Provenance.Input] in
            if except.contains(spec.name) || spec.name == BackendKeys.description.name { return [] }
            let key = prefix + spec.name
            guard let field = section.fields[spec.name] else {
                if case .section(let inner) = spec.type { return flatten(Section(inner), "\(key).", except: []) }
                return spec.defaultValue.map { [.init(key: key, value: json($0), source: "default")] } ?? []
            }
            if case .section(let inner) = field.value { return flatten(inner, "\(key).", except: []) }
            return [.init(key: key, value: json(field.value), source: source(field.origin))]
        }
    }

    private func source(_ origin: Origin) -> String {
        switch origin {
        case .file(let span): sources.place(of: span)
        case .flag(let flag): flag
        case .variable(let name): "$\(name)"
        case .defaultValue: "default"
        }
    }

    private func json(_ value: CheckedValue) -> JSON { value.json }
}

extension CheckedValue {
    /// As people write it; secrets are references.
    var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .milliseconds(let value): .string(Quantity.text(milliseconds: value))
        case .bytes(let value): .string(Quantity.text(bytes: value))
        case .text(let text): .string(text)
        case .path(_, let written): .string(written)
        case .url(let url): .string(url.text)
        case .secret(.none), .none: .string("none")
        case .secret(.reference(let reference)): reference.json
        case .arguments(let list): .array(list.map { .string($0) })
        case .variables(let values): .object(JSONObject(values.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value.json) }))
        case .section(let section): section.json
        case .list(let sections): .array(sections.map(\.json))
        case .named(let named): .object(JSONObject(named.elements.map { .init(key: $0.name, value: $0.section.json) }))
        }
    }
}

extension Section {
    fileprivate var json: JSON {
        .object(JSONObject(scope.keys.compactMap { spec in fields[spec.name].map { .init(key: spec.name, value: $0.value.json) } }))
    }
}

extension SecretReference {
    fileprivate var json: JSON {
        switch self {
        case .env(let name): ["env": .string(name)]
        case .file(let path): ["file": .string(path.description)]
        case .credential(let name): ["credential": .string(name)]
        }
    }
}

extension PlanValue {
    fileprivate var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .path(let path): .string(path.description)
        case .secret(let reference): reference.json
        case .joined(let parts): .array(parts.map(\.json))
        }
    }
}
