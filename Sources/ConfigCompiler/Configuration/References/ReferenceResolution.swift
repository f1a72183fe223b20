import Diagnostics
import LaunchPlan

/// Resolves names to backends: kinds, the active backend, the targets of routes.
struct ReferenceResolution {
    private(set) var diagnostics: [Diagnostic] = []
    private var backends: [Backend] = []
    /// The place of each in `backends`.
    private var places: [String: Int] = [:]
    /// Names that are declared, but whose declaration was reported as wrong.
    private var broken: Set<String> = []
    /// Whether the file has faults already: what seems to be missing may be among them.
    private let isFaulty: Bool

    private static let mostDetailed = 20
    /// Routes of patterns that each later one is compared with; no file that a person keeps has more.
    private static let mostCompared = 200

    init(isFaulty: Bool) { self.isFaulty = isFaulty }

    /// - Returns: nil where a name leads nowhere, so that nothing further can be said.
    mutating func configuration(_ file: Section) -> Configuration? {
        broken = file[FileKeys.backends]?.broken ?? []
        for element in file[FileKeys.backends]?.elements ?? [] {
            guard let kind = kind(of: element) else {
                broken.insert(element.name)
                continue
            }
            add(Backend(name: element.name, nameSpan: element.nameSpan, kind: kind, section: element.section))
        }
        let active = activeBackend(file)
        let fallback = names(file[FileKeys.fallback], path: "/\(FileKeys.fallback.name)")
        let routes = routes(file)
        guard let active, let fallback, let routes else { return nil }
        return Configuration(file: file, backends: backends, active: active, fallback: fallback, routes: routes)
    }

    private mutating func add(_ backend: Backend) {
        places[backend.name] = backends.count
        backends.append(backend)
    }

    private mutating func kind(of element: NamedSections.Element) -> BackendKind? {
        if let kind = element.section[BackendKeys.kind] { return kind }
        if let kind = BackendKind(name: element.name) { return kind }
        if element.section.isFaulty(BackendKeys.kind) { return nil }
        let choices = BackendKind.choices.flatMap { [$0.name] + $0.aliases }
        let near = Spelling.nearest(to: element.name, among: choices)
        diagnostics.append(
            Diagnostic(
                .missingKey, "backend `\(element.name)` needs a `kind`", at: element.nameSpan, label: "not the name of a kind",
                notes: ["kinds are \(BackendKind.choices.map { "`\($0.name)`" }.joined(separator: ", "))"]
                    + (near.map { ["did you mean `\($0)`?"] } ?? []),
                path: "/backends/\(element.name)"))
        return nil
    }

    private mutating func activeBackend(_ file: Section) -> String? {
        if let name = file[FileKeys.backend] {
            return resolve(
                name, at: file.span(of: FileKeys.backend), origin: file.origin(of: FileKeys.backend), code: .unknownBackend,
                path: "/\(FileKeys.backend.name)")
        }
        // A value that was wrong was reported where it stands; a second finding would only repeat it.
        let enabled = backends.filter(\.isEnabled)
        if let kept = enabled.first(where: { $0.name == BackendKind.vllmMLX.rawValue }) { return kept.name }
        if enabled.count == 1 { return enabled[0].name }
        guard !isFaulty, diagnostics.isEmpty else { return nil }
        diagnostics.append(
            Diagnostic(
                .missingKey, enabled.isEmpty ? "no backend is enabled" : "`backend` must say which backend takes the requests",
                at: file.span.map { SourceSpan($0.file, $0.start..<$0.start) }, label: "no `backend` here",
                notes: enabled.isEmpty
                    ? ["`backend: claude` alone is a whole configuration"]
                    : ["enabled are \(enabled.map { "`\($0.name)`" }.joined(separator: ", "))"],
                path: ""))
        return nil
    }

    /// The declared backend that `name` means; one that needs no declaration is added.
    ///
    /// - Parameter path: the pointer to the name, where it stands in a file.
    private mutating func resolve(_ name: String, at span: SourceSpan?, origin: Origin, code: DiagnosticCode, path: String) -> String? {
        let path = span == nil ? nil : path
        if let backend = places[name].map({ backends[$0] }) {
            guard backend.isEnabled else {
                let value = backend.section.span(of: BackendKeys.enabled)
                diagnostics.append(
                    Diagnostic(
                        code == .unknownBackend ? .disabledBackend : code, "backend `\(name)` is disabled", at: span, label: "needed here",
                        secondary: value.map { [.init($0, "disabled here")] } ?? [],
                        fixes: value.map { [Fix("enable it", .suggestion, edits: [.init($0, "true")])] } ?? [], path: path))
                return nil
            }
            return name
        }
        if broken.contains(name) { return nil }
        if let kind = BackendKind(name: name) {
            // The earlier tool called one backend by many names; a file may use one and declare another.
            let others = backends.filter { $0.kind == kind && BackendKind(name: $0.name) == kind && $0.isEnabled }
            if let other = others.first, others.count == 1 {
                diagnostics.append(
                    Diagnostic(
                        .deprecatedName, "`\(name)` is another name of backend `\(other.name)`", at: span, label: "taken for `\(other.name)`",
                        fixes: span.map { [Fix("write `\(other.name)`", .safe, edits: [.init($0, "\"\(other.name)\"")])] } ?? [], path: path))
                return other.name
            }
            if others.isEmpty {
                add(Backend(name: name, nameSpan: nil, kind: kind, section: Section(BackendKeys.scope)))
                return name
            }
        }
        // Comparing and listing all names is dear: a flood of findings goes without.
        let names = diagnostics.count < Self.mostDetailed ? backends.map(\.name) : []
        let near = Spelling.nearest(to: name, among: names)
        let who =
            switch origin {
            case .flag(let flag): " (from \(flag))"
            case .variable(let variable): " (from $\(variable))"
            default: ""
            }
        diagnostics.append(
            Diagnostic(
                code, "there is no backend `\(name)`\(who)", at: span, label: "not declared under `backends`",
                notes: names.isEmpty ? [] : ["declared are \(names.sorted().map { "`\($0)`" }.joined(separator: ", "))"],
                fixes: span.flatMap { span in near.map { [Fix("a similar name exists", .suggestion, edits: [.init(span, "\"\($0)\"")])] } } ?? [],
                path: path))
        return nil
    }

    /// - Returns: nil where one leads nowhere.
    private mutating func names(_ names: [PlacedName]?, path: String) -> [String]? {
        var result: [String] = []
        var isWhole = true
        for (index, name) in (names ?? []).enumerated() {
            let resolved = resolve(name.text, at: name.span, origin: .defaultValue, code: .badRouteTarget, path: "\(path)/\(index)")
            if let resolved { result.append(resolved) } else { isWhole = false }
        }
        return isWhole ? result : nil
    }

    /// - Returns: nil where one leads nowhere.
    private mutating func shares(_ sections: [Section], path: String) -> [ProxySettings.Share]? {
        var result: [ProxySettings.Share] = []
        var isWhole = true
        for (index, section) in sections.enumerated() {
            guard let to = section[ShareKeys.to] else { continue }
            let path = "\(path)/\(index)/\(ShareKeys.to.name)"
            let name = resolve(to, at: section.span(of: ShareKeys.to), origin: .defaultValue, code: .badRouteTarget, path: path)
            if let name { result.append(.init(to: name, weight: section[ShareKeys.weight])) } else { isWhole = false }
        }
        return isWhole ? result : nil
    }

    private mutating func routes(_ file: Section) -> [Configuration.Route]? {
        var result: [Configuration.Route] = []
        // Those that may cover another one: of several models, and of the same.
        var ofSeveral: [Configuration.Route] = []
        var ofModel: [String: [Configuration.Route]] = [:]
        var isWhole = true
        for (index, section) in (file[FileKeys.routes] ?? []).enumerated() {
            guard let to = section[RouteKeys.to] else { continue }
            let span = section.span(of: RouteKeys.to)
            let path = "/\(FileKeys.routes.name)/\(index)"
            let name = resolve(to, at: span, origin: .defaultValue, code: .badRouteTarget, path: "\(path)/\(RouteKeys.to.name)")
            let split = shares(section[RouteKeys.split] ?? [], path: "\(path)/\(RouteKeys.split.name)")
            let fallback = names(section[RouteKeys.fallback], path: "\(path)/\(RouteKeys.fallback.name)")
            guard let name, let split, let fallback else {
                isWhole = false
                continue
            }
            let route = Self.route(section, to: name, split, fallback)
            let model = route.settings.model
            if let reason = unreachable(route, after: ofSeveral + (model.flatMap { ofModel[$0] } ?? [])) { diagnostics.append(reason) }
            if let model, !model.contains(where: { $0 == "*" || $0 == "?" }) {
                ofModel[model, default: []].append(route)
            } else if ofSeveral.count < Self.mostCompared {
                ofSeveral.append(route)
            }
            result.append(route)
        }
        return isWhole ? result : nil
    }

    private static func route(
        _ section: Section, to name: String, _ split: [ProxySettings.Share], _ fallback: [String]
    ) -> Configuration.Route {
        let match = section[RouteKeys.match]
        return Configuration.Route(
            settings: .init(
                model: match?[MatchKeys.model], call: match?[MatchKeys.call], minBytes: match?[MatchKeys.minSize],
                maxBytes: match?[MatchKeys.maxSize], to: name, weight: split.isEmpty ? nil : section[RouteKeys.weight],
                split: split.isEmpty ? nil : split, fallback: fallback.isEmpty ? nil : fallback), section: section)
    }

    private func unreachable(_ route: Configuration.Route, after others: [Configuration.Route]) -> Diagnostic? {
        if let least = route.settings.minBytes, let most = route.settings.maxBytes, least > most {
            return Diagnostic(
                .unreachableRoute, "this route is never reached", at: route.match?.span(of: MatchKeys.maxSize) ?? route.span,
                label: "no request is at most this large",
                secondary: route.match?.span(of: MatchKeys.minSize).map { [.init($0, "and at least this")] } ?? [])
        }
        guard let earlier = others.first(where: { $0.settings.covers(route.settings) }) else { return nil }
        return Diagnostic(
            .unreachableRoute, "this route is never reached", at: route.span, label: "an earlier route takes all of it",
            secondary: earlier.span.map { [.init($0, "the earlier route")] } ?? [],
            notes: ["routes are tried in order: put it before the other one, or remove it"])
    }
}
