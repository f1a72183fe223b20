import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct OverrideTests {
    private let text = "backend: vllm-mlx\nproxy: { port: 9000 }\nbackends:\n  vllm-mlx: { model: ./m }\n  lmstudio: {}\n"

    private func settings(_ plan: LaunchPlan) throws -> ProxySettings { try #require(plan.service(named: "proxy")?.settings).decode() }

    private func source(_ key: String, _ compilation: Compilation) -> String? {
        compilation.provenance.inputs["proxy"]?.first { $0.key == key }?.source
    }

    @Test func flagsGoBeforeVariablesAndVariablesBeforeTheFile() throws {
        #expect(source("proxy.port", compile(text)) == "test.yaml:2:16")
        let byVariable = compile(text, environment: ["ANYCLAUDE_PORT": "9001", "ANYCLAUDE_MODE": "lmstudio"])
        #expect(source("proxy.port", byVariable) == "$ANYCLAUDE_PORT")
        #expect(source("backend", byVariable) == "$ANYCLAUDE_MODE")
        let planByVariable = try #require(byVariable.plan)
        #expect(try settings(planByVariable).defaultBackend == "lmstudio")
        let byFlag = compile(
            text, flags: [.port("9002"), .backend("vllm-mlx")], environment: ["ANYCLAUDE_PORT": "9001", "ANYCLAUDE_MODE": "lmstudio"])
        #expect(source("proxy.port", byFlag) == "--port")
        let proxy = try #require(byFlag.plan?.service(named: "proxy"))
        #expect(proxy.sockets[0].address == .tcp(host: "127.0.0.1", port: 9002))
        #expect(byFlag.plan?.services.count == 2)
        #expect(source("proxy.limits.ping", byFlag) == "default")
    }

    @Test func variablesOfABackendReachTheOneThatIsMeant() throws {
        let result = compile(
            text, environment: ["VLLM_MLX_MODEL": "./other", "LMSTUDIO_URL": "http://10.0.0.9:1/v1", "VLLM_MLX_API_KEY": "never-read", "MLX_URL": ""])
        let plan = try #require(result.plan)
        let worker: WorkerSettings = try #require(plan.service(named: "vllm-mlx")?.settings).decode()
        #expect(worker.modelName == "other")
        #expect(plan.service(named: "proxy")?.secrets == ["backends.vllm-mlx.apiKey": .env(name: "VLLM_MLX_API_KEY")])
        #expect(!String(decoding: try plan.json().canonicalBytes, as: UTF8.self).contains("never-read"))
        let unknown = compile("backend: lmstudio\n", environment: ["LMSTUDIO_CONTEXT_LENGTH": "8192", "HOME": "/x", "MLX_MODEL": "y"])
        let unknownPlan = try #require(unknown.plan)
        let backend = try #require(try settings(unknownPlan).backends.first)
        #expect(backend.contextWindow == 8192)
        #expect(unknown.plan?.services.count == 1)
    }

    /// Whatever other name of its kind a worker goes by.
    @Test(arguments: ["vllm-mlx", "mlx-textgen", "mlx", "mlx-lm", "mlx-legacy", "local"])
    func variablesOfAWorkerReachItByEachOfItsNames(name: String) throws {
        let plan = try plan("backend: \(name)\n", environment: ["MLX_URL": "http://10.0.0.9:1/v1"])
        #expect(try settings(plan).backends.first?.target == .url(base: "http://10.0.0.9:1/v1"))
    }

    @Test func theRequestTimeoutCountsMillisecondsAsTheEarlierToolDid() throws {
        #expect(try settings(try plan(text, environment: ["ANYCLAUDE_REQUEST_TIMEOUT": "90000"])).limits.firstByteTimeoutMs == 90_000)
        #expect(try settings(try plan(text, environment: ["ANYCLAUDE_REQUEST_TIMEOUT": "2m"])).limits.firstByteTimeoutMs == 120_000)
        for value in ["soon", "9223372036854775.9s"] { #expect(codes(text, environment: ["ANYCLAUDE_REQUEST_TIMEOUT": value]) == [.badOverride]) }
    }

    @Test func openRoutersKeyIsTheDocumentedVariable() throws {
        let plan = try plan("backend: openrouter\n")
        #expect(plan.service(named: "proxy")?.secrets == ["backends.openrouter.apiKey": .env(name: "OPENROUTER_API_KEY")])
        #expect(plan.preflight.contains { $0.requirement == .secret(reference: .env(name: "OPENROUTER_API_KEY")) })
    }

    @Test func aBadOverrideNamesItself() {
        for (flags, environment, word) in [
            ([Override.port("none")], [:], "--port"), ([], ["ANYCLAUDE_PORT": "70000"], "$ANYCLAUDE_PORT"),
            ([Override(flag: "--set", key: "proxy.prt", value: "1")], [:], "--set"), ([], ["ANYCLAUDE_MODE": "No Such"], "$ANYCLAUDE_MODE"),
        ] as [([Override], [String: String], String)] {
            let result = compile(text, flags: flags, environment: environment)
            #expect(result.plan == nil)
            #expect(result.diagnostics.contains { $0.code == .badOverride && $0.message.hasPrefix(word) })
        }
        #expect(codes(text, flags: [.backend("lmstudo")]) == [.unknownBackend])
    }

    @Test func instanceIsPartOfThePlan() throws {
        #expect(try plan("backend: claude").instance == "default")
        #expect(try plan("backend: claude", flags: [.instance("two")]).instance == "two")
    }
}
