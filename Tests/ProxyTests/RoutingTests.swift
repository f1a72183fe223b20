import HTTPTypes
import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

@Suite struct RoutingTests {
    static func settings(routes: [ProxySettings.Route] = []) -> ProxySettings {
        ProxySettings(
            backends: [
                .init(name: "local", api: .openai, dialect: "native", target: .service(name: "local"), model: "demo", contextWindow: 4096),
                .init(name: "small", api: .openai, dialect: "lmstudio", target: .url(base: "http://localhost:1234/v1/")),
                .init(name: "claude", api: .anthropic, dialect: "generic", target: .url(base: "https://api.anthropic.com")),
            ], defaultBackend: "local", routes: routes, directories: .init(cache: .absolute("/tmp/c"), logs: .absolute("/tmp/l")))
    }

    @Test func routesThenAliasesThenTheDefault() throws {
        let table = try BackendTable(Self.settings(routes: [.init(model: "*haiku*", to: "small")]), secrets: [:])
        #expect(try table.backend(for: .init(model: "claude-haiku-5-5")).name == "small")
        #expect(try table.backend(for: .init(model: "claude-local-claude")).name == "claude")
        #expect(try table.backend(for: .init(model: "claude-local")).name == "local")
        #expect(try table.backend(for: .init(model: "claude-local-none")).name == "local")
    }

    @Test func callsAndSizesChooseTheBackend() throws {
        let table = try BackendTable(
            Self.settings(routes: [
                .init(model: nil, call: .count, to: "claude"), .init(model: nil, call: .side, to: "small"),
                .init(model: "claude-*", call: .main, minBytes: 1000, to: "claude"), .init(model: nil, call: .subagent, maxBytes: 99, to: "small"),
            ]), secrets: [:])
        func name(_ body: JSON, _ fields: HTTPFields = [:], bytes: Int = 500, isCount: Bool = false) throws -> String {
            try table.backend(for: .init(body, headers: fields, bytes: bytes, isCount: isCount)).name
        }
        let session: HTTPFields = [.init("x-claude-code-session-id")!: "s"]
        let agent: HTTPFields = [.init("x-claude-code-session-id")!: "s", .init("x-claude-code-agent-id")!: "a"]
        let turn: JSON = ["model": "claude-x", "tools": [["name": "Bash"]]]
        #expect(try name(turn, session) == "local")
        #expect(try name(turn, session, bytes: 1000) == "claude")
        #expect(try name(turn, session, isCount: true) == "claude")
        #expect(try name(turn, agent) == "local")
        #expect(try name(turn, agent, bytes: 99) == "small")
        #expect(try name(["model": "claude-x", "tools": []], session) == "small")
        #expect(try name(["model": "claude-x", "tools": [["type": "web_search_20250305", "name": "web_search"]]], session) == "small")
        // Another client's request without tools is its conversation.
        #expect(try name(["model": "claude-x"], bytes: 2000) == "claude")
    }

    @Test func aTitleIsASideCallWithASchemaThatHasOne() {
        let title: JSON = [
            "model": "m", "tools": [], "output_config": ["format": ["type": "json_schema", "schema": ["properties": ["title": ["type": "string"]]]]],
        ]
        let session: HTTPFields = [.init("x-claude-code-session-id")!: "s"]
        #expect(ProxySettings.Call(title, headers: session, bytes: 1).kinds == [.side, .title])
        #expect(ProxySettings.Call(title, headers: [:], bytes: 1).kinds == [.main])
        #expect(ProxySettings.Call(title, headers: session, bytes: 1, isCount: true).kinds == [.count, .main])
    }

    @Test func whatTheSettingsNameMustExist() {
        #expect(throws: ProxyError.self) { _ = try BackendTable(Self.settings(routes: [.init(model: nil, to: "gone")]), secrets: [:]) }
        var keyed = Self.settings()
        keyed.backends[1].apiKey = "k"
        #expect(throws: ProxyError.self) { _ = try BackendTable(keyed, secrets: [:]) }
        var odd = Self.settings()
        odd.backends[0].dialect = "klingon"
        #expect(throws: ProxyError.self) { _ = try BackendTable(odd, secrets: [:]) }
    }

    @Test func theModelListHasIdsThatPickersShow() throws {
        let list = ModelList(try BackendTable(Self.settings(), secrets: [:]))
        let all = try list.page(limit: nil, after: nil, before: nil)
        #expect(all["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == ["claude-local-local", "claude-local-small"])
        #expect(all["object"] == "list" && all["has_more"] == false && all["last_id"] == "claude-local-small")
        let model = try list.model("claude-local-local")
        #expect(model["max_input_tokens"] == 4096 && model["type"] == "model" && model["object"] == "model" && model["created"] == 0)
        #expect(throws: AnthropicError.self) { _ = try list.model("none") }
    }

    @Test func theModelListIsCutAsTheAPICutsIt() throws {
        let list = ModelList(try BackendTable(Self.settings(), secrets: [:]))
        func ids(_ limit: Int?, after: String? = nil, before: String? = nil) throws -> ([String], more: Bool?) {
            let page = try list.page(limit: limit, after: after.map { "claude-local-\($0)" }, before: before.map { "claude-local-\($0)" })
            return (
                (page["data"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue?.replacing("claude-local-", with: "") },
                page["has_more"]?.boolValue
            )
        }
        #expect(try ids(1) == (["local"], true))
        #expect(try ids(1, after: "local") == (["small"], false))
        #expect(try ids(1000) == (["local", "small"], false))
        #expect(try ids(1, before: "small") == (["local"], false))
        #expect(try ids(5, after: "small") == ([], false))
        for limit in [0, -1, 1001] { #expect(throws: AnthropicError.self) { _ = try ids(limit) } }
        #expect(throws: AnthropicError.self) { _ = try ids(1, after: "gone") }
    }

    @Test func aWindowThatAServerSaidIsShown() throws {
        let list = ModelList(try BackendTable(Self.settings(), secrets: [:]), windows: ["small": 512, "local": 9])
        #expect(try list.model("claude-local-small")["max_input_tokens"] == 512)
        #expect(try list.model("claude-local-local")["max_input_tokens"] == 4096)
    }

    @Test func locations() {
        #expect(UpstreamLocation(url: "http://localhost:1234/v1/").api("/models") == "http://localhost:1234/v1/models")
        #expect(UpstreamLocation(url: "http://localhost:1234/v1").root("/tokenize") == "http://localhost:1234/tokenize")
        #expect(
            UpstreamLocation(url: "https://api.anthropic.com").root("/v1/messages?beta=true") == "https://api.anthropic.com/v1/messages?beta=true")
        #expect(UpstreamLocation(.tcp(host: "::1", port: 80)).base == "http://[::1]:80/v1")
        #expect(UpstreamLocation(.unix(path: "/run/a b/s")).base == "http+unix://%2Frun%2Fa%20b%2Fs/v1")
    }

    @Test func tokensCompareWhole() {
        #expect(Access.isEqual(Array("secret".utf8), Array("secret".utf8)))
        #expect(!Access.isEqual(Array("secre".utf8), Array("secret".utf8)))
        #expect(!Access.isEqual(Array("secretsecret".utf8), Array("secret".utf8)))
        #expect(!Access.isEqual([], Array("secret".utf8)))
        #expect(!Access.isEqual(Array("x".utf8), []))
    }

    @Test func placesInFlightAreBoundedAndGivenBack() throws {
        let gate = Gate(limit: 1)
        var permit: Gate.Permit? = try gate.enter()
        #expect(throws: (any Error).self) { _ = try gate.enter() }
        #expect(permit != nil && gate.inFlight == 1)
        permit = nil
        #expect(gate.inFlight == 0)
        _ = try gate.enter()
    }
}
