import JSON
import LaunchPlan

/// What the proxy is made from.
extension ProvenanceBuilder {
    /// The keys of a backend that the proxy itself is made from.
    private static let proxyKeys = Set<String>((ShapingKeys.all + ExtraKeys.all).map(\.name)).union([
        BackendKeys.kind.name, BackendKeys.engine.name, BackendKeys.baseUrl.name, BackendKeys.port.name, BackendKeys.apiKey.name,
        BackendKeys.model.name, BackendKeys.modelPath.name, BackendKeys.serverScript.name, BackendKeys.contextWindow.name,
        BackendKeys.maxTokens.name, BackendKeys.toolCallDialect.name, BackendKeys.reasoningFormat.name, BackendKeys.autoStartServer.name,
        BackendKeys.concurrency.name, BackendKeys.images.name,
    ])
    /// Those of them that it is not made from where the backend is a worker: that is found by its name.
    private static let foundByLease: Set<String> = [BackendKeys.baseUrl.name, BackendKeys.port.name]

    /// Those of them that the proxy is not made from where a worker of this engine is started for the backend.
    private static func unusedKeys(of engine: EngineName) -> Set<String> {
        foundByLease.union(engine.adapter.hasOneModelID ? [BackendKeys.model.name, BackendKeys.modelPath.name] : [])
            .union(engine == .native ? [BackendKeys.toolCallDialect.name, BackendKeys.reasoningFormat.name, BackendKeys.images.name] : [])
    }

    /// That there is a command says how the worker is spoken to, whatever the command is.
    private func commandInputs(_ backend: Backend) -> [Input] {
        let section = backend.section
        guard let command = section.field(BackendKeys.command), !section.has(BackendKeys.engine), !section.has(BackendKeys.serverScript) else {
            return []
        }
        return [
            .init(
                key: "backends.\(backend.name).\(BackendKeys.engine.name)", value: .string(EngineName.command.rawValue),
                source: source(command.origin))
        ]
    }

    func proxyInputs() -> [Input] {
        // Of the two names of the port, the one that counts.
        let isOlder = configuration.file.has(FileKeys.port) && !configuration.proxy.has(ProxyKeys.port)
        var inputs = flatten(configuration.proxy, "proxy.", except: isOlder ? [ProxyKeys.port.name] : [])
        if isOlder { inputs += given(configuration.file, FileKeys.port, "") }
        inputs.append(
            .init(key: FileKeys.backend.name, value: .string(configuration.active), source: source(configuration.activeOrigin)))
        if !configuration.file.has(FileKeys.backend) {
            inputs += configuration.backends.flatMap { given($0.section, BackendKeys.enabled, "backends.\($0.name).") }
        }
        inputs += given(configuration.file, FileKeys.fallback, "")
        for (index, route) in configuration.routes.enumerated() {
            inputs += flatten(route.section, "routes[\(index)].", except: [RouteKeys.to.name, RouteKeys.match.name]).filter {
                $0.source != Input.defaultSource
            }
            inputs.append(.init(key: "routes[\(index)].to", value: .string(route.to), source: source(route.targetSpan.map { .file($0) })))
            if let match = route.match { inputs += flatten(match, "routes[\(index)].match.", except: []) }
        }
        let others = Self.keysBesides(Self.proxyKeys)
        let engines = Dictionary(configuration.workers.map { ($0.backend.name, $0.engine) }, uniquingKeysWith: { first, _ in first })
        for backend in configuration.reachable {
            let except = engines[backend.name].map { others.union(Self.unusedKeys(of: $0)) } ?? others
            inputs += flatten(backend.section, "backends.\(backend.name).", except: except) + commandInputs(backend)
        }
        return inputs
    }
}
