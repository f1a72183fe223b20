import Control
import Foundation
import JSON
import Testing

/// A stack whose only worker is `Fakes/mlx_server.py` in a Python environment of its own.
struct FakeWorker {
    let stack: Stack
    private let engine: String

    /// - Parameter engine: `mlx-textgen`, `mlx-lm`, or `script`: the example's launcher of MLX-Textgen.
    init(_ engine: String) throws {
        stack = try Stack()
        self.engine = engine
        try FileManager.default.createDirectory(atPath: shared(""), withIntermediateDirectories: true)
        let source = try String(contentsOfFile: "\(TestEnvironment.root)/Tests/IntegrationTests/Fakes/mlx_server.py", encoding: .utf8)
        for program in ["mlx_textgen", "mlx_lm.server"] { try stack.write("venv/bin/\(program)", source, mode: 0o755) }
    }

    /// What the test shares with the server, by the names that its docstring explains.
    func shared(_ name: String) -> String { "\(stack.folder)/fake/\(name)" }

    func touch(_ name: String) throws { try stack.write("fake/\(name)", "") }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: shared(name)) }

    var events: [String] { ((try? String(contentsOfFile: shared("events"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init) }

    func count(_ prefix: String) -> Int { events.count { $0.hasPrefix(prefix) } }

    /// - Parameter more: lines of the backend.
    func configure(health: String = "{}", _ more: String...) throws {
        let launcher = "serverScript: \(TestEnvironment.root)/examples/mlx-textgen/scripts/mlx-textgen-server.sh"
        try stack.write(
            ".anyclauderc.yaml",
            """
            backend: vllm-mlx
            probation: 200ms
            proxy: { port: @PORT@, responseCache: { enabled: false } }
            backends:
              vllm-mlx:
                \(engine == "script" ? launcher : "engine: \(engine)")
                port: @WORKER@
                model: @MODEL@
                pythonVenv: ./venv
                cache: { min_tokens_for_cache: 20 }
                environment: { FAKE: \(shared("")) }
                health: \(health)
                \(more.joined(separator: "\n    "))
            """)
    }

    /// Applies, and demands that it succeeds.
    func apply(at location: SourceLocation = #_sourceLocation) throws {
        let run = try stack.anyclaude("apply")
        try #require(run.status == 0, "\(run.output)\(run.errors)\n\(events)\n\(stack.supervisorLog)", sourceLocation: location)
    }

    var status: ServiceStatus { get throws { try stack.service("vllm-mlx") } }

    /// Straight to the worker, without a lease.
    func post(_ path: String, _ body: JSON, limit: Int = 10) throws -> ProgramRun {
        let port = stack.workerPort
        return try ProgramRun.run(
            "curl",
            [
                "-sS", "-m", "\(limit)", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(port)\(path)", "-H",
                "content-type: application/json", "--data-binary", "@-",
            ], input: body.text)
    }

    func get(_ path: String) throws -> Int? {
        Int(
            try ProgramRun.run("curl", ["-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(stack.workerPort)\(path)"])
                .output)
    }

    /// Waits for another process that is ready.
    func waitForSuccessor(of pid: Int) throws {
        try stack.wait(for: "the worker's successor") {
            let status = try status
            return status.state == .ready && status.pid != pid
        }
    }
}
