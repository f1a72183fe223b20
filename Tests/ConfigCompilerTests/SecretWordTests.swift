import Diagnostics
import Testing

@testable import ConfigCompiler

@Suite struct SecretWordTests {
    @Test func namesOfVariablesAndFlagsThatHoldSecrets() {
        for name in [
            "HF_TOKEN", "OPENAI_API_KEY", "DB_PASSWORD", "--api-key", "--apiKey", "token", "GOOGLE_APPLICATION_CREDENTIALS", "GH_PAT", "X-Auth-Token",
            "HFTOKEN", "X_AUTH", "--auth", "Authorization:",
        ] {
            #expect(SecretWords.isName(name), "\(name)")
        }
        for name in [
            "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "--eos-token", "--max-tokens", "PAD_TOKEN", "KEYBOARD", "MONKEY", "PATH", "", "--",
            "HF_HUB_OFFLINE",
        ] {
            #expect(!SecretWords.isName(name), "\(name)")
        }
    }

    @Test func valuesThatAreNone() {
        for text in ["", "none", "EMPTY", "4096", "false", "/run/secrets/key", "~/key", "./key", "lm-studio"] {
            #expect(SecretWords.isHarmless(text), "\(text)")
        }
        for text in ["hunter2", "sk-1", "0x12", "a b"] { #expect(!SecretWords.isHarmless(text), "\(text)") }
    }

    @Test func wordsOfKnownServices() {
        for text in ["sk-or-v1-0123456789abcdef", "Bearer ghp_0123456789abcdefghij", "x=hf_0123456789abcdefghij", "http://h/AKIA0123456789ABCDEFGH"] {
            #expect(SecretWords.isIn(text), "\(text)")
        }
        for text in [
            "sk-learn", "task-0123456789abcdefghij", "mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit", "sk-hynix-no-digits-in-this", "./r8_x",
        ] {
            #expect(!SecretWords.isIn(text), "\(text)")
        }
    }

    /// What is refused is where a secret would go into the plan; what only looks like it is taken.
    @Test(arguments: [
        ("environment: { HF_TOKEN: hunter2 }", true), ("environment: { HF_TOKEN: { env: HF_TOKEN } }", false),
        ("environment: { TOKENIZERS_PARALLELISM: \"false\" }", false),
        ("environment: { HF_TOKEN: \"\" }", false), ("environment: { SSL_KEY: /etc/ssl/key.pem }", false),
        ("environment: { A: sk-0123456789abcdefghij }", true),
        ("command: [./s, --api-key, none]", false), ("command: [./s, --api-key, hunter2]", true), ("command: [./s, --api-key=hunter2]", true),
        ("command: [./s, --api-key, --port, \"1\"]", false),
        ("command: [./s, -H, \"Authorization: Bearer abcdefgh12\"]", true), ("command: [./s, --auth, hunter2]", true),
        ("command: [./s, --auth, basic]", false), ("command: [./s, \"note: a bearer of news\"]", false),
        ("environment: { X_NOTE: \"Bearer abcdefgh12\" }", true), ("environment: { HEADERS: \"authorization: Basic YWJj\" }", true),
        ("environment: { HEADERS: \"x-auth: YWJjZGVm\" }", true), ("command: [./s, --eos-token, </s>]", false), ("model: qwen?api_key=hunter2", true),
        ("model: a=b", false),
        ("apiKey: { env: sk-0123456789abcdefghij }", true), ("apiKey: { env: 0123456789abcdef0123 }", true),
        ("apiKey: { env: A_VERY_LONG_NAME_OF_2_VARIABLES }", false),
        ("apiKey: { file: sk-0123456789abcdefghij }", true), ("apiKey: { credential: hf_0123456789abcdefghij }", true),
    ])
    func secretsInPlacesOfThePlan(keys: String, isRefused: Bool) {
        let text = "backend: claude\nbackends: { lab: { kind: local, \(keys) } }\n"
        let result = compile(text)
        #expect(result.diagnostics.contains { $0.code == .secretElsewhere } == isRefused, "\(result.diagnostics)")
        #expect(result.hasErrors == isRefused, "\(result.diagnostics)")
    }

    /// Frames keep what is no secret.
    @Test func countsStayVisible() {
        let result = compile("backend: vllm-mlx\nbackends: { vllm-mlx: { model: ./m, maxTokenz: 4096, cache: { min_token_for_cache: 100 } } }\n")
        let text = TextRenderer(color: false).render(result.diagnostics, result.sources)
        #expect(text.contains("maxTokenz: 4096") && text.contains("min_token_for_cache: 100"), "\(text)")
    }

    @Test(arguments: ["? &k \"--token hunter2zz\"\n: 3", "\"--token hunter2zz\": 3", "backends: { lab: { \"--api-key=hunter2zz\": 1 } }"])
    func keysAreNotShownEither(entry: String) {
        let result = compile("backend: claude\n\(entry)\n")
        let text = TextRenderer(color: false).render(result.diagnostics, result.sources)
        #expect(text.contains("AC0301") && !text.contains("hunter2"), "\(text)")
    }

    /// Of one line, all that is a secret is hidden, and nothing else.
    @Test func oneLineOfAFrame() {
        func shown(_ line: String) -> String {
            var source = SourceText(path: "x", bytes: Array(line.utf8))
            source.mask(SecretScan.ranges(in: source.bytes))
            let other = SourceText(path: "x", bytes: [])
            return UnifiedDiff(old: source, new: other, names: ("a", "b")).lines.first { $0.kind == .removed }?.text ?? ""
        }
        #expect(shown("o: {apiKey: hunter2,model: zz}") == "-o: {apiKey: ********,model: zz}")
        #expect(shown("{\"apiKey\":\"sk-or-1234567890\",\"model\":\"z-ai/glm\"}") == "-{\"apiKey\":********,\"model\":\"z-ai/glm\"}")
        #expect(shown("# Authorization: Bearer hunter2") == "-# Authorization: ********")
    }
}
