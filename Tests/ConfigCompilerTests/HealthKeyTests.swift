import ConfigCompiler
import Diagnostics
import LaunchPlan
import Testing

/// Keys of `health` that would change nothing, or ask what cannot be answered otherwise, are named.
@Suite struct HealthKeyTests {
    private static let engines = [
        "native": "engine: native, model: ./m", "mlx-textgen": "engine: mlx-textgen, model: ./m", "mlx-lm": "engine: mlx-lm, model: ./m",
        "llama-server": "engine: llama-server, model: ./m", "vllm": "engine: vllm, model: ./m", "script": "serverScript: ./s.sh, model: ./m",
        "command": "command: [./c]", "launcher": "serverScript: ./mlx-textgen-server.sh, model: ./m",
    ]

    private func found(_ backend: String) -> [DiagnosticCode] { codes("backend: w\nbackends: { w: { kind: mlx, \(backend) } }\n") }

    /// A probe that the file gives timing to is in the plan, or the file hears that it is not.
    @Test(arguments: engines.keys.sorted(), ["startup", "readiness", "liveness"])
    func timingWithoutAQuestionIsOfUseOrNamed(engine: String, name: String) throws {
        let keys = try #require(Self.engines[engine])
        let text = "backend: w\nbackends: { w: { kind: mlx, \(keys), health: { \(name): { period: 7s } } } }\n"
        let probes = try #require(try plan(text).service(named: "w")).probes
        let probe = name == "startup" ? probes.startup : name == "readiness" ? probes.readiness : probes.liveness
        #expect(codes(text) == (probe?.periodMs == 7000 ? [] : [.withoutEffect]))
        #expect(found("\(keys), health: { \(name): { http: /x, period: 7s } }").isEmpty)
    }

    @Test func aCommandThatIsReadyAtOnceIsNotAskedWhetherItStarted() {
        let ready = "command: [x], health: { readiness: none"
        #expect(found("\(ready) }").isEmpty)
        #expect(found("\(ready), startup: { timeout: 300s } }") == [.withoutEffect])
        #expect(found("\(ready), startup: { tcp: 99, timeout: 300s } }").isEmpty)
        #expect(found("\(ready) }, startupTimeout: 300s") == [.withoutEffect])
        #expect(found("\(ready), startup: { tcp: 99 } }, startupTimeout: 300s").isEmpty)
    }

    @Test func theTimeOfAStartIsSaidOnce() {
        #expect(found("model: ./m, startupTimeout: 300s").isEmpty)
        #expect(found("model: ./m, startupTimeout: 300s, health: { startup: { period: 1s } }").isEmpty)
        #expect(found("model: ./m, startupTimeout: 300s, health: { startup: { timeout: 60s } }") == [.withoutEffect])
        #expect(found("model: ./m, startupTimeout: 300s, health: { startup: none }") == [.withoutEffect])
    }

    /// The supervisor holds the native worker's listener, and accepts whether or not anybody is behind it.
    @Test(arguments: ["startup", "readiness", "liveness"])
    func aConnectionToTheSharedListenerProvesNothing(name: String) {
        #expect(found("model: ./m, port: 8085, health: { \(name): { tcp: 8085 } }") == [.withoutEffect])
        #expect(found("model: ./m, port: 8085, health: { \(name): { tcp: 8086 } }").isEmpty)
        #expect(found("engine: vllm, model: ./m, port: 8085, health: { \(name): { tcp: 8085 } }").isEmpty)
    }
}
