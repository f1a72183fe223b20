import LaunchPlan

/// The variables with which Claude Code reaches a stack (facts/proxy-and-messages-api.md 3.4, facts/claude-code-client.md 3).
///
/// For the `claude` backend the address, and the proxy's token in a header of its own: the client's own credentials must pass, unless
/// the proxy has a key to put in their place. For every other backend also what keeps the
/// client from sending a real key, from asking for models that are not there, and from believing in a window of a million tokens.
public struct ClientEnvironment: Sendable, Equatable {
    public struct Variable: Sendable, Equatable {
        public var name: String
        public var value: String
    }

    /// Sorted by name.
    public var variables: [Variable]

    public subscript(name: String) -> String? { variables.first { $0.name == name }?.value }

    /// The bearer token of a proxy that asks for none: the client will not start without a credential.
    public static let placeholderToken = "anyclaude"

    /// The header for the proxy's token where the client's credential is meant for the API behind the proxy.
    public static let tokenHeader = "x-anyclaude-token"

    /// The tiers whose model ids the client lets a variable replace.
    private static let tiers = ["fable", "haiku", "opus", "sonnet"]

    /// What the client asks for as the longest answer of a model that it does not know.
    private static let clientDefaultOutputTokens = 32_000
    /// The shortest answer with which the client can still compact a conversation, where the window has room for it.
    private static let shortestUsefulOutputTokens = 8_192
    /// What the client leaves free of a window, besides the longest answer, before it compacts a conversation (2.1.332, measured).
    ///
    /// A window as small as that and the answer would be compacted at each turn, and smaller ones are refused without asking anybody. The
    /// client is told of so much more, so that it compacts when the true window is full but for an answer; what is too long all the same,
    /// the proxy says in the words that make the client compact.
    private static let clientReserveTokens = 13_000

    /// - Parameters:
    ///   - baseURL: of the proxy, without `/v1`.
    ///   - token: what the proxy wants to be shown; nil where it wants nothing.
    ///   - caller: the caller's environment: a knob that is set there stays.
    public init(settings: ProxySettings, baseURL: String, token: String?, caller: [String: String]) {
        var fixed = ["ANTHROPIC_BASE_URL": baseURL]
        var knobs: [String: String] = [:]
        let backend = settings.backends.first { $0.name == settings.defaultBackend }
        if let backend, backend.api == .anthropic {
            if let token { fixed.merge(Self.credential(token, for: backend, caller)) { _, new in new } }
        } else if let backend {
            fixed["ANTHROPIC_AUTH_TOKEN"] = token ?? Self.placeholderToken
            fixed["ANTHROPIC_API_KEY"] = ""
            knobs = Self.knobs(for: backend, settings.limits)
            knobs.merge(Self.models(settings, backend)) { first, _ in first }
        }
        fixed.merge(ProxyExemption.variables(for: baseURL, caller: caller)) { first, _ in first }
        let kept = knobs.filter { (caller[$0.key] ?? "").isEmpty }
        variables = fixed.merging(kept) { first, _ in first }.map { Variable(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    }

    private static func credential(_ token: String, for backend: ProxySettings.Backend, _ caller: [String: String]) -> [String: String] {
        if backend.apiKey != nil { return ["ANTHROPIC_AUTH_TOKEN": token, "ANTHROPIC_API_KEY": ""] }
        // Lines of `Name: Value`; the caller's own stay.
        let lines = (caller["ANTHROPIC_CUSTOM_HEADERS"] ?? "").split(separator: "\n").filter { !$0.lowercased().hasPrefix("\(tokenHeader):") }
        return ["ANTHROPIC_CUSTOM_HEADERS": (lines + ["\(tokenHeader): \(token)"]).joined(separator: "\n")]
    }

    private static func knobs(for backend: ProxySettings.Backend, _ limits: ProxySettings.Limits) -> [String: String] {
        var knobs = [
            // A line that differs in each session, at the very start of the prompt: every cached prefix would be lost.
            "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_STREAM_IDLE_TIMEOUT_MS": String(limits.idleTimeoutMs),
            "API_TIMEOUT_MS": String(limits.firstByteTimeoutMs + limits.idleTimeoutMs),
        ]
        // It alone decides when the client compacts; CLAUDE_CODE_AUTO_COMPACT_WINDOW takes no less than 100,000.
        if let window = backend.contextWindow { knobs["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = String(window + clientReserveTokens) }
        if let output = outputTokens(backend) { knobs["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = String(output) }
        // Tools that are found by a search are offered when they were found; where the search is not offered, none may wait for it.
        knobs["ENABLE_TOOL_SEARCH"] = backend.shaping?.offers(tool: "ToolSearch") == false ? "false" : "true"
        return knobs
    }

    /// What the configuration says; else a quarter of a window in which the client's own choice would leave too little for the prompt, and
    /// never more than half of one.
    private static func outputTokens(_ backend: ProxySettings.Backend) -> Int? {
        if let configured = backend.maxOutputTokens { return configured }
        guard let window = backend.contextWindow, window / 4 < clientDefaultOutputTokens else { return nil }
        return min(max(shortestUsefulOutputTokens, window / 4), window / 2)
    }

    /// The main model and those of the tiers, each by an id that is routed as the client's own id for it would be.
    ///
    /// A tier stays the client's own where a route takes it and its backend's id would not come by the same route.
    private static func models(_ settings: ProxySettings, _ backend: ProxySettings.Backend) -> [String: String] {
        func idReaching(_ target: ProxySettings.Backend?) -> String? {
            guard let target, let id = target.model, settings.backend(for: .init(model: id)) == target else { return nil }
            return id
        }
        var models: [String: String] = [:]
        if let id = idReaching(backend) {
            models["ANTHROPIC_MODEL"] = id
        }
        for tier in tiers {
            models["ANTHROPIC_DEFAULT_\(tier.uppercased())_MODEL"] = idReaching(settings.backend(for: .init(model: "claude-\(tier)-5-5")))
        }
        return models
    }
}
