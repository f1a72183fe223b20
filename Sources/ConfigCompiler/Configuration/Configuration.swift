import Diagnostics
import LaunchPlan

/// The third stage: what the file means, with every reference resolved.
struct Configuration: Sendable {
    struct Route: Sendable {
        var settings: ProxySettings.Route
        /// As the file has it.
        var section: Section

        var to: String { settings.to }
        var targets: [String] { settings.targets }
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
    /// The names of those that take what the active one cannot.
    let fallback: [String]
    let routes: [Route]
    /// The backends that requests can reach.
    let reachable: [Backend]
    /// Those that requests can reach, and what they depend on.
    let needed: [Backend]
    /// The backends that are workers of this machine, and their engines.
    let workers: [(backend: Backend, engine: EngineName)]
    /// The place of each backend in `backends`.
    private let places: [String: Int]

    /// - Parameter backends: of different names, the active one, its fallback and the routes' targets among them.
    init(file: Section, backends: [Backend], active: String, fallback: [String] = [], routes: [Route]) {
        let backends = backends.sorted { $0.name < $1.name }
        let places = Dictionary(backends.indices.map { (backends[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        self.file = file
        self.backends = backends
        self.active = active
        self.fallback = fallback
        self.routes = routes
        self.places = places
        var names = Set([active] + fallback + routes.flatMap(\.targets))
        reachable = backends.filter { names.contains($0.name) && $0.isEnabled }
        names = Set(reachable.map(\.name))
        var open = reachable
        while let backend = open.popLast() {
            // What nobody starts waits for nothing.
            guard backend.engine(isNeeded: true).engine != nil else { continue }
            for other in backend.dependencies where names.insert(other.text).inserted {
                if let place = places[other.text] { open.append(backends[place]) }
            }
        }
        needed = backends.filter { names.contains($0.name) && $0.isEnabled }
        workers = backends.compactMap { backend in backend.engine(isNeeded: names.contains(backend.name)).engine.map { (backend, $0) } }
    }

    var proxy: Section { file[FileKeys.proxy] ?? Section(ProxyKeys.scope) }
    var instance: String { file[FileKeys.instance] }
    var memoryBudget: Int? { file[FileKeys.budget]?[BudgetKeys.memory] }
    /// `proxy.port`, or `port` as the earlier tool called it.
    var proxyPort: Int {
        if !proxy.has(ProxyKeys.port), let port = file[FileKeys.port] { return port }
        return proxy[ProxyKeys.port]
    }
    var proxyHost: String { proxy[ProxyKeys.host] }

    /// What made the active backend the active one: where `backend` is left out, that it is declared.
    var activeOrigin: Origin {
        if let field = file.field(FileKeys.backend) { return field.origin }
        return backend(active)?.nameSpan.map { .file($0) } ?? .defaultValue
    }

    func backend(_ name: String) -> Backend? { places[name].map { backends[$0] } }
}
