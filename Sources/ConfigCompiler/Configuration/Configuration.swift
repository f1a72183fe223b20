import Diagnostics
import LaunchPlan

/// The third stage: what the file means, with every reference resolved.
struct Configuration: Sendable {
    struct Route: Sendable {
        /// A glob over the client's model id; nil takes all.
        var model: String?
        var to: String
        /// What it matches; where it leads, where it says no more.
        var span: SourceSpan?
        var targetSpan: SourceSpan?
    }

    let file: Section
    /// Sorted by name.
    let backends: [Backend]
    /// The name of the backend that takes what no route takes.
    let active: String
    let routes: [Route]

    var proxy: Section { file[FileKeys.proxy] ?? Section(ProxyKeys.scope) }
    var instance: String { file[FileKeys.instance] ?? "default" }
    var memoryBudget: Int? { file[FileKeys.budget]?[BudgetKeys.memory] }
    /// `proxy.port`, or `port` as the earlier tool called it.
    var proxyPort: Int {
        if !proxy.has(ProxyKeys.port), let port = file[FileKeys.port] { return port }
        return proxy[ProxyKeys.port] ?? 0
    }
    var proxyHost: String { proxy[ProxyKeys.host] ?? "127.0.0.1" }

    /// What made the active backend the active one: where `backend` is left out, that it is declared.
    var activeOrigin: Origin {
        if let field = file.field(FileKeys.backend) { return field.origin }
        return backend(active)?.nameSpan.map { .file($0) } ?? .defaultValue
    }

    func backend(_ name: String) -> Backend? { backends.first { $0.name == name } }

    /// The backends that requests can reach.
    var needed: [Backend] {
        let names = Set([active] + routes.map(\.to))
        return backends.filter { names.contains($0.name) && $0.isEnabled }
    }

    /// The backends that are workers of this machine, and their engines.
    var workers: [(backend: Backend, engine: EngineName)] {
        let names = Set(needed.map(\.name))
        return backends.compactMap { backend in backend.engine(isNeeded: names.contains(backend.name)).engine.map { (backend, $0) } }
    }
}
