import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct PreflightDiagnosticsTests {
    private static let text = """
        backend: vllm-mlx
        pythonVenv: /opt/venv
        proxy: { port: 8788 }
        backends:
          vllm-mlx:
            engine: mlx-lm
            model: org/name
            port: 8081
            cache:
              maxBytes: 1GiB  # anyclaude: allow AC0902 -- it never comes near
            environment: { KEY: { env: WORKER_KEY } }
        """

    private func result(_ key: String, _ findings: PreflightFinding...) -> PreflightResult {
        PreflightResult(service: "vllm-mlx", key: key, check: "c", findings: findings)
    }

    private var report: PreflightReport {
        PreflightReport(
            results: [
                result("backends.vllm-mlx.model"),
                result(
                    "backends.vllm-mlx.port",
                    .init(.error, "port 8081 is in use: pid 7 (serve) listens on 127.0.0.1:8081", hint: "stop that process")),
                result(
                    "backends.vllm-mlx.pythonVenv", .init(.error, "the program /opt/venv/bin/mlx_lm.server was not found"),
                    .init(.warning, "mlx_lm.server answers with an empty body", hint: "mkdir -p ~/.cache/huggingface/hub")),
                result("backends.vllm-mlx.environment.KEY", .init(.error, "the variable WORKER_KEY is not set")),
                result("backends.vllm-mlx.resources.memory", .init(.error, "`vllm-mlx` needs 40 GiB", hint: "lower contextWindow")),
                result("proxy.responseCache.maxBytes", .init(.warning, "the cache may grow by 1 GiB")),
                result("instance", .init(.error, "the instance runs the stack of another folder: /elsewhere")),
            ], memory: nil)
    }

    @Test func findingsStandAtTheKeysThatAskForThem() throws {
        let compilation = compile(Self.text)
        try #require(compilation.plan != nil)
        let whole = compilation.adding(report)
        try Fixtures.expectGolden(TextRenderer(color: false).render(whole.diagnostics, whole.sources), "preflight.txt")
        let findings = Report([Findings(path: "test.yaml", diagnostics: whole.diagnostics, sources: whole.sources)])
        try Fixtures.expectGolden(JSONRenderer().render(findings).prettyText + "\n", "preflight.json")
        try Fixtures.expectGolden(GitHubRenderer().render(findings), "preflight.github.txt")
        #expect(whole.hasErrors && !compilation.hasErrors)
        #expect(whole.diagnostics.contains { $0.code == .preflightFailed && $0.path == "/backends/vllm-mlx/port" })
    }

    @Test func placesOfKeys() throws {
        let compilation = compile(Self.text)
        func place(_ key: String) -> String? { compilation.keys.span(of: key).map { compilation.sources.place(of: $0) } }
        #expect(place("backends.vllm-mlx.port") == "test.yaml:8:11")
        #expect(place("backends.vllm-mlx.pythonVenv") == "test.yaml:2:13", "written once for all")
        #expect(place("backends.vllm-mlx.resources.memory") == "test.yaml:5:3", "of a section that is not there: the backend")
        #expect(place("backends.vllm-mlx.cache.directory") == "test.yaml:9:5")
        #expect(place("backends.vllm-mlx.environment.KEY") == "test.yaml:11:5")
        #expect(place("proxy.responseCache.maxBytes") == "test.yaml:3:1")
        #expect(place("nothing.of.this") == nil)
        #expect(place("") == nil)
        let flag = compile("backend: claude\n", flags: [.port("9000")])
        #expect(flag.keys.span(of: "proxy.port") == nil, "a flag has no place in a file")
    }

    @Test func aCommentAllowsAWarningOfTheMachine() {
        let warning = PreflightReport(
            results: [result("backends.vllm-mlx.cache.maxBytes", .init(.warning, "the cache may grow"))], memory: nil)
        #expect(compile(Self.text).diagnostics.isEmpty, "whether the comment is needed is not known yet")
        #expect(compile(Self.text).adding(warning).diagnostics.isEmpty)
        #expect(compile(Self.text).adding(PreflightReport(results: [], memory: nil)).diagnostics.map(\.code) == [.unusedAllowComment])
        let error = PreflightReport(
            results: [result("backends.vllm-mlx.cache.maxBytes", .init(.error, "the cache may grow"))], memory: nil)
        #expect(compile(Self.text).adding(error).diagnostics.map(\.code).contains(.preflightFailed))
    }

    /// The compiler found nothing to report, so that nothing was hidden yet when the machine's findings come.
    @Test func framesOfTheMachinesFindingsHideSecrets() throws {
        let text = "backend: w\nbackends:\n  w: { kind: vllm-mlx, engine: native, model: ./nope }  # sk-or-v1-CANARY0123456789ab\n"
        let compilation = compile(text)
        #expect(compilation.diagnostics.isEmpty)
        let whole = compilation.adding(
            PreflightReport(
                results: [
                    PreflightResult(
                        service: "w", key: "backends.w.model", check: "c",
                        findings: [.init(.error, "no model", hint: "is it sk-or-v1-CANARY0123456789ab?")])
                ], memory: nil))
        let shown = TextRenderer(color: false).render(whole.diagnostics, whole.sources)
        #expect(shown.contains("no model") && !shown.contains("CANARY"), "\(shown)")
    }
}
