import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct SecretTests {
    private static let canary = "sk-canary-7f3a91c2"

    /// A secret in clear text, wherever it stands, is in no output at all.
    @Test(arguments: [
        "backend: openrouter\nbackends: { openrouter: { apiKey: CANARY } }", "backend: openrouter\nbackends: { openrouter: { apikey: CANARY } }",
        "backend: openrouter\nbackends: { openrouter: { apiKey: [CANARY] } }", "backend: openrouter\nbackends: { openrouter: { apiKey: \"CANARY } }",
        "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: CANARY\n   model: x",
        "backend: claude\nproxy: { authToken: CANARY, host: 0.0.0.0 }",
        "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": \"CANARY\",}}}", "backend: claude\nmyToken: { value: CANARY }",
        "backend: openrouter\nbackends: { openrouter: { baseUrl: \"https://me:CANARY@host/v1\" } }",
        "backend: openrouter\nbackends: { openrouter: { apiKey: { value: CANARY } } }",
        "backend: openrouter\nbackends: { openrouter: { apiKey: { env: CANARY } } }",
        "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @CANARY", "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: CANARY: x",
        "backend: openrouter\nbackends:\n  openrouter:\n    description: the key: CANARY\n    port: \"1\"",
    ])
    func aLiteralSecretIsNeverShown(text: String) {
        let result = compile(text.replacing("CANARY", with: Self.canary))
        #expect(result.hasErrors)
        let report = Report([Findings(path: "test.yaml", diagnostics: result.diagnostics, sources: result.sources)])
        let repair = Repair(Array(text.replacing("CANARY", with: Self.canary).utf8)) { bytes in
            let result = compile(String(decoding: bytes, as: UTF8.self))
            return Findings(path: "test.yaml", diagnostics: result.diagnostics, sources: result.sources)
        }
        let shown =
            TextRenderer(color: false).render(report) + JSONRenderer().render(report).text + GitHubRenderer().render(report)
            + SARIFRenderer(version: "1").render(report).text + JUnitRenderer().render(report) + "\(repair.changes)"
            + (((try? JSON(encoding: result.provenance)) ?? .null).text)
        #expect(!shown.contains(Self.canary), "\(shown)")
    }

    /// Texts that have no tree are searched by the names in them, however long a line is.
    @Test func aLongLineHidesItsSecretsToo() {
        let long = String(repeating: "x", count: 70_000)
        let text = "{\"backend\":\"x\",\"backends\":{\"x\":{\"description\":\"\(long)\",\"apiKey\":\"hunter2hunter2\",}}}"
        let result = compile(text, name: "x.json")
        #expect(result.diagnostics.map(\.code) == [.trailingComma])
        #expect(!TextRenderer(color: false).render(result.diagnostics, result.sources).contains("hunter2"))
    }

    /// Aliases and `<<` bring a text to other places; wherever it is a secret, it is hidden.
    @Test func whatAliasesBringIsHidden() {
        let long = String(repeating: "hunter2", count: 20)
        for text in [
            "zz: 1\nx: &k \(long)\ny: { token: *k }", "zz: 1\nx: &k { a: \(long) }\ny: { token: *k }", "zz: 1\nx: { <<: &k { token: \(long) } }",
            "zz: 1\nx: &k { a: [\(long)] }\ny: { token: { <<: *k } }",
        ] {
            let result = compile("backend: claude\n\(text) # here\n")
            #expect(!TextRenderer(color: false).render(result.diagnostics, result.sources).contains("hunter2hunter2"), "\(text)")
            #expect(result.sources.files[0].masked.contains { $0.count >= long.utf8.count }, "\(text)")
        }
    }

    @Test(arguments: ["lm-studio", "vllm-mlx", "local", "\"\"", "null"])
    func placeholdersMeanNoKey(text: String) throws {
        let plan = try plan("backend: lmstudio\nbackends: { lmstudio: { apiKey: \(text) } }")
        #expect(plan.service(named: "proxy")?.secrets.isEmpty == true)
    }

    @Test func referencesReachTheServiceThatNeedsThem() throws {
        let plan = try plan(
            "backend: openrouter\nproxy: { host: 0.0.0.0, authToken: { credential: token } }\nbackends: { openrouter: { apiKey: { file: ./key } } }")
        let proxy = try #require(plan.service(named: "proxy"))
        #expect(proxy.secrets == ["backends.openrouter.apiKey": .file(path: .rooted(.config, "key")), "proxy.authToken": .credential(name: "token")])
        let settings: ProxySettings = try #require(proxy.settings).decode()
        #expect(settings.authToken == "proxy.authToken")
        #expect(settings.backends[0].apiKey == "backends.openrouter.apiKey")
    }

    @Test func anOpenListenerNeedsAToken() {
        #expect(codes("backend: claude\nproxy: { host: 0.0.0.0 }") == [.openListener])
        #expect(codes("backend: claude\nproxy: { host: 0.0.0.0, authToken: \"\" }") == [.openListener])
        #expect(codes("backend: claude\nproxy: { host: 127.0.0.2 }").isEmpty)
        #expect(codes("backend: claude\nproxy: { host: \"::1\" }").isEmpty)
    }
}
