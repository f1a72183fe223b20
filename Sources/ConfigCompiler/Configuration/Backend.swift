import Diagnostics
import LaunchPlan

/// A backend as the plan sees it: what the file says, and what follows from it.
struct Backend: Sendable {
    let name: String
    /// Nil for one that the file uses without declaring it.
    let nameSpan: SourceSpan?
    let kind: BackendKind
    let section: Section

    subscript<Value>(_ key: Key<Value>) -> Value? { section[key] }
    subscript<Value>(_ key: DefaultedKey<Value>) -> Value { section[key] }

    var dependencies: [PlacedName] { self[BackendKeys.dependsOn] ?? [] }

    /// Where it is a worker: whether it runs only while somebody uses it.
    var isOnDemand: Bool { section.has(BackendKeys.idle) }

    var isEnabled: Bool { self[BackendKeys.enabled] }

    /// The port of a worker on this machine.
    var port: Int {
        if let port = self[BackendKeys.port] { return port }
        if let url = self[BackendKeys.baseUrl], url.isOnThisMachine, let port = url.explicitPort { return port }
        return BackendKind.defaultWorkerPort
    }

    /// Where it answers where no worker is started.
    var url: BaseURL {
        self[BackendKeys.baseUrl] ?? kind.defaultBaseURL ?? BaseURL(scheme: "http", host: "localhost", port: port, path: "/v1")
    }

    /// The numeric address that a worker binds: a loopback one, whatever stands for it.
    var host: String {
        guard let host = self[BackendKeys.baseUrl]?.host, HostName.isLoopback(host), host.contains(":") || host.first?.isNumber == true else {
            return "127.0.0.1"
        }
        return host
    }

    /// The model's folder or file, where it is one.
    var modelPath: PlanPath? {
        if let path = self[BackendKeys.modelPath] { return path }
        guard let model = self[BackendKeys.model], PathText.looksLikePath(model) else { return nil }
        return try? PathText.planPath(model)
    }

    /// The last part of the model's path, or its id.
    var modelName: String? {
        if let model = self[BackendKeys.model] { return PathText.looksLikePath(model) ? PathText.lastComponent(model) : model }
        guard case .path(_, let written)? = section.field(BackendKeys.modelPath)?.value else { return nil }
        return PathText.lastComponent(written)
    }

    /// The key that is sent upstream.
    var apiKey: SecretReference? {
        if let reference = self[BackendKeys.apiKey]?.reference { return reference }
        return kind == .openrouter ? .env(name: EnvironmentVariables.openRouterKey) : nil
    }
}

extension Backend {
    /// What decided the engine where none is written.
    var engineOrigin: Origin {
        let keys = [
            section.field(BackendKeys.engine), section.field(BackendKeys.serverScript), section.field(BackendKeys.command),
            section.field(BackendKeys.modelPath), section.field(BackendKeys.model),
        ]
        return keys.compactMap { $0 }.first?.origin ?? .defaultValue
    }

    /// What says its kind: `kind`, or its name.
    var kindOrigin: Origin { section.field(BackendKeys.kind)?.origin ?? nameSpan.map { .file($0) } ?? .defaultValue }

    static let disabled = "it is disabled"
    static let notNeeded = "neither `backend` nor a fallback nor a route leads to it, and no worker depends on it"

    /// Whether a worker is started for it, and why. The order of the questions is that of the answers' weight.
    func engine(isNeeded: Bool) -> (engine: EngineName?, reason: String) {
        if kind != .vllmMLX { return (nil, "a backend of the kind \(kind.rawValue) runs elsewhere") }
        if !isEnabled { return (nil, Self.disabled) }
        if !isNeeded { return (nil, Self.notNeeded) }
        if self[BackendKeys.autoStartServer] == false { return (nil, "`autoStartServer` is false") }
        if let url = self[BackendKeys.baseUrl], !url.isOnThisMachine { return (nil, "its baseUrl is on another machine") }
        if let engine = self[BackendKeys.engine] { return (engine, "`engine` says so") }
        if section.has(BackendKeys.serverScript) { return (.script, "it has a serverScript") }
        if section.has(BackendKeys.command) { return (.command, "it has a command") }
        if section.has(BackendKeys.modelPath) { return (.native, "it has a modelPath") }
        if let model = self[BackendKeys.model], PathText.looksLikePath(model) { return (.native, "its model is a path") }
        return (nil, "it has no engine, script, command or model on this machine")
    }
}
