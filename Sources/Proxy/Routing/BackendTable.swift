import JSON
import LaunchPlan
import Messages

/// A backend with all that its name in the settings stood for. Each request refers to it: a copy would be one of some fifty parts.
final class ResolvedBackend: Sendable {
    let settings: ProxySettings.Backend
    let dialect: BackendDialect
    let key: String?
    /// Of calls in the text of its answers; nil where its server tells them apart.
    let toolCallDialect: (any ToolCallDialect)?
    let shaping: RequestShaping
    let sampling: SamplingDefaults
    /// Members and headers of each request that come from the settings.
    let extraBody: JSONObject
    let extraHeaders: [(name: String, value: String)]
    /// What marks the thinking of its models as ours, and as its own.
    let signature: String
    /// Of all that is its own in an answer.
    let identity: String

    init(
        settings: ProxySettings.Backend, dialect: BackendDialect, key: String?, toolCallDialect: (any ToolCallDialect)? = nil,
        shaping: RequestShaping = .init(), sampling: SamplingDefaults = .init(), extraBody: JSONObject = [:],
        extraHeaders: [(name: String, value: String)] = []
    ) {
        self.settings = settings
        self.dialect = dialect
        self.key = key
        self.toolCallDialect = toolCallDialect
        self.shaping = shaping
        self.sampling = sampling
        self.extraBody = extraBody
        self.extraHeaders = extraHeaders
        signature = "\(OwnThinking.mark).\(settings.name)"
        identity = RequestKey.identity(of: settings, dialect, sampling, extraBody)
    }

    var name: String { settings.name }

    /// The server is asked for the model that it has loaded.
    var discoversModel: Bool { dialect.discoversModel && (settings.model == nil || settings.model == "current-model") }

    /// What an answer that is kept is known to come from; nil where nobody can say, as behind the address of a service there may be
    /// another file tomorrow. A URL says no more than the id of its model.
    ///
    /// - Parameters:
    ///   - stated: the native runtime's word for all that decides its answers.
    ///   - named: the model that was asked for; nil where the request itself names it.
    func answeringModel(stated: String?, named: String?) -> String? {
        if dialect.isNative { return stated }
        guard case .url = settings.target else { return nil }
        return named ?? ""
    }
}

/// Which backend a request goes to.
struct BackendTable: Sendable {
    static let aliasPrefix = ProxySettings.backendAlias

    let all: [ResolvedBackend]
    private let settings: ProxySettings
    private let byName: [String: ResolvedBackend]

    init(_ settings: ProxySettings, secrets: [String: String]) throws(ProxyError) {
        self.settings = settings
        var all: [ResolvedBackend] = []
        for backend in settings.backends {
            guard let dialect = BackendDialect(named: backend.dialect) ?? (backend.api == .anthropic ? .generic : nil) else {
                let known = BackendDialect.all.map(\.name).joined(separator: ", ")
                throw ProxyError("backend `\(backend.name)` has the unknown dialect `\(backend.dialect)`", hint: "known: \(known)")
            }
            var key: String?
            if let id = backend.apiKey {
                guard let value = secrets[id] else { throw ProxyError("the secret `\(id)` of backend `\(backend.name)` was not passed") }
                key = value
            }
            let calls = backend.toolCallDialect.flatMap { ToolCallDialects.named($0.rawValue) }
            all.append(try ResolvedBackend(backend, dialect, key: key, toolCallDialect: calls))
        }
        self.all = all
        byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard byName[settings.defaultBackend] != nil else {
            throw ProxyError("the default backend `\(settings.defaultBackend)` is not among the backends")
        }
        for name in settings.fallback ?? [] where byName[name] == nil {
            throw ProxyError("the fallback leads to `\(name)`, which is not among the backends")
        }
        for route in settings.routes {
            guard let name = route.targets.first(where: { byName[$0] == nil }) else { continue }
            throw ProxyError("a route leads to `\(name)`, which is not among the backends")
        }
    }

    /// Routes first, then the ids that `/v1/models` gives out, then the default.
    ///
    /// - Parameter affinity: what requests of one conversation have in common, so that they go to the same backend.
    /// - Returns: at least one, in the order in which they are asked.
    func targets(for call: ProxySettings.Call, affinity: String?) throws(AnthropicError) -> [ResolvedBackend] {
        let names: [String]
        if let route = settings.route(for: call) {
            names = TargetOrder.names(route.shares, fallback: route.fallback ?? [], affinity: affinity)
        } else if call.model.hasPrefix(Self.aliasPrefix), byName[String(call.model.dropFirst(Self.aliasPrefix.count))] != nil {
            // Who names a backend wants that one.
            names = [String(call.model.dropFirst(Self.aliasPrefix.count))]
        } else {
            names = TargetOrder.names([.init(to: settings.defaultBackend)], fallback: settings.fallback ?? [], affinity: affinity)
        }
        let targets = names.compactMap { byName[$0] }
        guard !targets.isEmpty else { throw AnthropicError(.notFound, "no backend serves the model `\(call.model)`", shouldRetry: false) }
        return targets
    }

    /// The first of them.
    func backend(for call: ProxySettings.Call, affinity: String? = nil) throws(AnthropicError) -> ResolvedBackend {
        try targets(for: call, affinity: affinity)[0]
    }

    var defaultBackend: ResolvedBackend? { byName[settings.defaultBackend] }

    /// The API itself, where requests go there that no route takes.
    var passBackend: ResolvedBackend? {
        guard let backend = defaultBackend, backend.settings.api == .anthropic else { return nil }
        return backend
    }
}
