import Diagnostics
import LaunchPlan

/// The third stage: what the file means, with every reference resolved.
struct Configuration: Sendable {
    struct Route: Sendable {
        var settings: ProxySettings.Route
        /// As the file has it.
        var section: Section

        var to: String { settings.to }
        var match: Section? { section[RouteKeys.match] }
        var targetSpan: SourceSpan? { section.span(of: RouteKeys.to) }
        /// What it matches; where it leads, where it says no more.
        var span: SourceSpan? {
            guard let match else { return targetSpan }
            let spans = [
                match.span(of: MatchKeys.model), match.span(of: MatchKeys.call), match.span(of: MatchKeys.minSize), match.span(of: MatchKeys.maxSize),
            ]
            return spans.compactMap { $0 }.first ?? targetSpan
        }
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
    var reachable: [Backend] {
        let names = Set([active] + routes.map(\.to))
        return backends.filter { names.contains($0.name) && $0.isEnabled }
    }

    /// Those that requests can reach, and what they depend on.
    var needed: [Backend] {
        var names = Set(reachable.map(\.name))
        var open = Array(names)
        while let name = open.popLast() {
            for other in backend(name)?.dependencies ?? [] where names.insert(other.text).inserted { open.append(other.text) }
        }
        return backends.filter { names.contains($0.name) && $0.isEnabled }
    }

    /// The backends that are workers of this machine, and their engines.
    var workers: [(backend: Backend, engine: EngineName)] {
        let names = Set(needed.map(\.name))
        return backends.compactMap { backend in backend.engine(isNeeded: names.contains(backend.name)).engine.map { (backend, $0) } }
    }
}
