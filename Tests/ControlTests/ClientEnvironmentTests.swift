import Control
import LaunchPlan
import Testing

struct ClientEnvironmentTests {
    private func settings(
        _ backends: [ProxySettings.Backend], default name: String = "local", routes: [ProxySettings.Route] = []
    ) -> ProxySettings {
        ProxySettings(
            backends: backends, defaultBackend: name, routes: routes,
            directories: ProxySettings.Directories(cache: .rooted(.cache, ""), logs: .rooted(.logs, "")))
    }

    private let local = ProxySettings.Backend(
        name: "local", api: .openai, dialect: "native", target: .service(name: "local"), model: "qwen3", contextWindow: 65_536)
    private let small = ProxySettings.Backend(name: "small", api: .openai, dialect: "native", target: .service(name: "small"), model: "tiny")
    private let claude = ProxySettings.Backend(name: "claude", api: .anthropic, dialect: "generic", target: .url(base: "https://api.anthropic.com"))

    private func environment(_ settings: ProxySettings, token: String? = nil, caller: [String: String] = [:]) -> [String: String] {
        let environment = ClientEnvironment(settings: settings, baseURL: "http://127.0.0.1:8788", token: token, caller: caller)
        #expect(environment.variables.map(\.name) == environment.variables.map(\.name).sorted())
        return Dictionary(uniqueKeysWithValues: environment.variables.map { ($0.name, $0.value) })
    }

    /// The client would ask the caller's proxy for an address of this machine.
    @Test(
        arguments: [
            (["HTTPS_PROXY": "http://proxy.test:3128"], "127.0.0.1"),
            (["http_proxy": "http://proxy.test:3128", "NO_PROXY": "intranet.test, .local"], "intranet.test,.local,127.0.0.1"),
            (["ALL_PROXY": "http://proxy.test:3128", "no_proxy": "localhost,127.0.0.1"], "localhost,127.0.0.1"),
            (["HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": "*"], "*"),
            (["HTTPS_PROXY": "", "NO_PROXY": "intranet.test"], nil),
        ] as [([String: String], String?)])
    func theCallersProxyIsNotAsked(caller: [String: String], expected: String?) {
        let variables = environment(settings([claude], default: "claude"), caller: caller)
        #expect(variables["NO_PROXY"] == expected && variables["no_proxy"] == expected)
    }

    @Test func claudeGetsTheAddressAlone() {
        #expect(environment(settings([claude], default: "claude")) == ["ANTHROPIC_BASE_URL": "http://127.0.0.1:8788"])
    }

    /// The client has one credential header to give, and that one is for Claude.
    @Test func theTokenGoesBesideTheClientsOwnCredential() {
        let variables = environment(
            settings([claude], default: "claude"), token: "t0ken",
            caller: ["ANTHROPIC_API_KEY": "sk-real", "ANTHROPIC_CUSTOM_HEADERS": "x-mine: 1\nX-Anyclaude-Token: old"])
        #expect(variables["ANTHROPIC_CUSTOM_HEADERS"] == "x-mine: 1\nx-anyclaude-token: t0ken")
        #expect(variables["ANTHROPIC_API_KEY"] == nil && variables["ANTHROPIC_AUTH_TOKEN"] == nil)
    }

    @Test func theTokenSufficesWhereTheProxyHasAKey() {
        var keyed = claude
        keyed.apiKey = "k"
        let variables = environment(settings([keyed], default: "claude"), token: "t0ken")
        #expect(variables["ANTHROPIC_AUTH_TOKEN"] == "t0ken" && variables["ANTHROPIC_API_KEY"] == "")
    }

    @Test func aLocalBackendGetsAllThatTheClientNeeds() {
        let variables = environment(settings([local]), caller: ["ANTHROPIC_API_KEY": "sk-real"])
        #expect(variables["ANTHROPIC_AUTH_TOKEN"] == ClientEnvironment.placeholderToken)
        #expect(variables["ANTHROPIC_API_KEY"] == "", "a real key must not reach a local server")
        #expect(variables["CLAUDE_CODE_ATTRIBUTION_HEADER"] == "0")
        #expect(variables["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "78536", "the client keeps 13,000 tokens free by itself")
        #expect(variables["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "16384")
        for name in ["ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"] {
            #expect(variables[name] == "qwen3", "\(name)")
        }
        #expect(variables["API_TIMEOUT_MS"] == "900000")
    }

    @Test func theProxysTokenIsShown() {
        #expect(environment(settings([local]), token: "t0ken")["ANTHROPIC_AUTH_TOKEN"] == "t0ken")
    }

    @Test func theCallersKnobsStay() {
        let variables = environment(
            settings([local]),
            caller: ["ANTHROPIC_MODEL": "mine", "API_TIMEOUT_MS": "1", "ANTHROPIC_BASE_URL": "http://elsewhere", "ANTHROPIC_DEFAULT_OPUS_MODEL": ""])
        #expect(variables["ANTHROPIC_MODEL"] == nil)
        #expect(variables["API_TIMEOUT_MS"] == nil)
        #expect(variables["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:8788")
        #expect(variables["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "qwen3", "an empty variable is not a choice")
    }

    @Test func aRoutedTierKeepsTheClientsId() {
        // `tiny` would be routed to the default backend, so only the client's own id reaches `small`.
        let variables = environment(settings([local, small], routes: [.init(model: "*haiku*", to: "small")]))
        #expect(variables["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == nil)
        #expect(variables["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "qwen3")
    }

    @Test func aRoutedTierIsNamedWhereItsIdTakesTheSameRoute() {
        let routes = [ProxySettings.Route(model: "*haiku*", to: "small"), .init(model: "tiny", to: "small")]
        #expect(environment(settings([local, small], routes: routes))["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "tiny")
    }

    @Test(
        arguments: [(1_024, "512"), (8_192, "4096"), (16_384, "8192"), (32_768, "8192"), (65_536, "16384"), (131_072, nil), (nil, nil)]
            as [(Int?, String?)])
    func theAnswerLeavesRoomForThePrompt(window: Int?, expected: String?) {
        var backend = local
        backend.contextWindow = window
        #expect(environment(settings([backend]))["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == expected)
        #expect(environment(settings([backend]))["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == window.map { String($0 + 13_000) })
        backend.maxOutputTokens = 1234
        #expect(environment(settings([backend]))["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "1234")
    }

    /// Tools that wait for a search which is not offered would never be offered.
    @Test(arguments: [(nil, "true"), (["Bash", "tool*"], "true"), (["Bash", "Read"], "false"), ([], "false")] as [([String]?, String)])
    func toolsWaitForASearchWhereThereIsOne(tools: [String]?, expected: String) {
        var backend = local
        backend.shaping = tools.map { .init(tools: $0) }
        #expect(environment(settings([backend]))["ENABLE_TOOL_SEARCH"] == expected)
        #expect(environment(settings([backend]), caller: ["ENABLE_TOOL_SEARCH": "auto"])["ENABLE_TOOL_SEARCH"] == nil)
        #expect(environment(settings([claude], default: "claude"))["ENABLE_TOOL_SEARCH"] == nil)
    }

    /// Each is of use on a machine of one's own alone, and a loss for Claude itself.
    @Test func whatIsForLocalModelsAlone() {
        let names = ["CLAUDE_CODE_ATTRIBUTION_HEADER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_STREAM_IDLE_TIMEOUT_MS", "API_TIMEOUT_MS"]
        let there = environment(settings([local]))
        let claude = environment(settings([claude], default: "claude"), token: "t")
        for name in names { #expect(there[name] != nil && claude[name] == nil, "\(name)") }
        #expect(there["CLAUDE_STREAM_IDLE_TIMEOUT_MS"] == "300000")
    }
}
