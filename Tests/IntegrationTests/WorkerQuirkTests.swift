import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// MLX's servers as they misbehave, by a server that does just that: what the engines' probes, the preflight and the supervisor make of it.
    @Suite struct WorkerQuirkTests {
        // MARK: readiness

        /// `/v1/models` is 200 before a model is loaded, and after it could not be.
        @Test(arguments: ["mlx-textgen", "script"])
        func aListOfModelsIsNoReadiness(engine: String) throws {
            let worker = try FakeWorker(engine)
            try worker.configure()
            try worker.touch("gated")
            let apply = try SpawnedProgram("anyclaude", ["apply"], environment: worker.stack.environment, directory: worker.stack.folder)
            try worker.stack.wait(for: "a second question for a token") { worker.count("POST /v1/completions 500") >= 2 }
            #expect(try worker.get("/v1/models") == 200)
            #expect(try worker.status.state == .starting)
            try worker.touch("loaded")
            #expect(apply.exchange([], until: .now + .seconds(60)) == 0, "\(worker.stack.supervisorLog)")
            #expect(worker.count("POST /v1/completions 200") >= 1)
            #expect(try worker.stack.ask().text == "Well done.")
        }

        @Test func aModelThatNeverLoadsIsNoSuccess() throws {
            let worker = try FakeWorker("mlx-textgen")
            try worker.configure(health: "{ startup: { timeout: 1s } }")
            try worker.touch("gated")
            let apply = try worker.stack.anyclaude("apply")
            #expect(apply.status == 4, "\(apply.output)\(apply.errors)")
            #expect(apply.errors.contains("startup probe: status 500"), "\(apply.errors)")
        }

        // MARK: liveness

        /// A server that streams may answer nothing else meanwhile: neither its own question nor one that the file asks ends it.
        @Test(arguments: ["", "http: /v1/models, "])
        func aWorkerThatStreamsIsAlive(question: String) throws {
            let worker = try FakeWorker("mlx-textgen")
            let soon = "period: 50ms, timeout: 500ms, failures: 1"
            try worker.configure(health: "{ readiness: { \(soon) }, liveness: { \(question)\(soon) } }")
            try worker.touch("slow")
            try worker.apply()
            let pid = try #require(try worker.status.pid)
            let body: JSON = [
                "model": "claude-local", "max_tokens": 40, "stream": true, "messages": [["role": "user", "content": "Take your time"]],
            ]
            let client = try SpawnedProgram(
                "curl", ["-sSN", "-m", "60", worker.stack.baseURL + "/v1/messages", "-H", "content-type: application/json", "-d", body.text],
                environment: worker.stack.environment)
            try worker.stack.wait(for: "the stream") { worker.exists("streaming") }
            // Each but the last has been given up before the next is asked.
            try worker.stack.wait(for: "questions in vain") { worker.count("GET /v1/models waits") >= 10 }
            let status = try worker.status
            #expect(status.state == .ready && status.pid == pid, "\(status)\n\(worker.stack.supervisorLog)")
            #expect(worker.count("POST /v1/completions waits") == 0, "a question that is a request waits for the others")
            try worker.touch("release")
            #expect(client.exchange([], until: .now + .seconds(60)) == 0)
            let answer = String(decoding: client.output, as: UTF8.self)
            #expect(answer.contains("event: message_stop") && answer.contains(" done."), "\(answer)")
            #expect(try worker.status.restarts == 0)
        }

        /// 200 on `/v1/models`, and no tokens: a question for a token finds it, and where there is one that costs less, `/health`.
        @Test(arguments: [("mlx-textgen", "dead"), ("mlx-textgen", "hang"), ("script", "dead"), ("mlx-lm", "dead")])
        func aWorkerWithoutTokensIsStartedAnew(engine: String, fate: String) throws {
            let worker = try FakeWorker(engine)
            try worker.configure(health: "{ liveness: { period: 100ms, timeout: 500ms, failures: 2 } }")
            try worker.apply()
            let pid = try #require(try worker.status.pid)
            let model = engine == "mlx-lm" ? "default_model" : "demo"
            _ = try worker.post("/v1/completions", ["model": .string(model), "prompt": [.string(fate)]], limit: 1)
            #expect(worker.count(fate == "dead" ? "POST /v1/completions 404" : "POST /v1/completions hangs") >= 1, "\(worker.events)")
            try worker.waitForSuccessor(of: pid)
            #expect(try worker.stack.ask().text == "Well done.")
            #expect(try worker.status.restarts == 1)
        }

        /// Who waits for a worker has nothing in flight at it: a worker that is stopped is not spared for its sake.
        @Test func aWorkerThatHangsIsStartedAnewWhileOthersWaitForIt() throws {
            let worker = try FakeWorker("mlx-lm")
            try worker.configure(
                health: "{ readiness: { period: 50ms, timeout: 50ms, failures: 1 }, liveness: { period: 50ms, timeout: 50ms, failures: 30 } }",
                "stop: { timeout: 1s }")
            try worker.apply()
            let pid = try #require(try worker.status.pid)
            kill(pid_t(pid), SIGSTOP)
            try worker.stack.wait(for: "the end of its readiness") { try worker.status.state == .unready }
            #expect(try worker.stack.ask().text == "Well done.")
            #expect(try worker.status.pid != pid)
        }

        // MARK: the port

        /// One of them hangs on a port that is in use, the other ends after all of its start: neither is started.
        @Test(arguments: ["mlx-textgen", "mlx-lm"])
        func aUsedPortIsRefusedWithItsHolder(engine: String) throws {
            let worker = try FakeWorker(engine)
            try worker.configure()
            let holder = try SpawnedProgram(
                "/usr/bin/python3", ["-m", "http.server", "--bind", "127.0.0.1", "\(worker.stack.workerPort)"], environment: [:],
                directory: worker.shared(""))
            defer { holder.kill(SIGKILL) }
            try worker.stack.wait(for: "the holder") { try worker.get("/") == 200 }
            let apply = try worker.stack.anyclaude("apply")
            #expect(apply.status == 3, "\(apply.output)\(apply.errors)")
            #expect(apply.errors.contains("port \(worker.stack.workerPort) is in use: pid \(holder.pid) (/usr/bin/python3 "), "\(apply.errors)")
            #expect(worker.events.isEmpty)
        }

        /// Between two runs nobody applies: each start looks by itself, and says who has the port.
        @Test(arguments: ["mlx-textgen", "mlx-lm"])
        func aPortThatIsTakenBetweenTwoRunsIsWaitedFor(engine: String) throws {
            let worker = try FakeWorker(engine)
            try worker.configure(health: "{}", "restart: { max: 250ms, intensity: { failures: 1000 } }")
            try worker.apply()
            let pid = try #require(try worker.status.pid)
            // The fake lets others listen beside it: with its end, the port is this test's.
            let taken = try Self.listen(worker.stack.workerPort)
            kill(pid_t(pid), SIGKILL)
            let expected = "port \(worker.stack.workerPort) is in use: pid \(getpid()) "
            try worker.stack.wait(for: "the reason") { try worker.status.message?.contains(expected) == true }
            #expect(worker.count("start") == 1, "it would hang, or start in vain: \(worker.events)")
            close(taken)
            try worker.waitForSuccessor(of: pid)
            #expect(worker.count("in use") == 0)
        }

        private static func listen(_ port: Int) throws -> Int32 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var one: Int32 = 1
            for option in [SO_REUSEADDR, SO_REUSEPORT] { setsockopt(descriptor, SOL_SOCKET, option, &one, socklen_t(MemoryLayout<Int32>.size)) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let bound = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
            try #require(bound == 0 && Glibc.listen(descriptor, 1) == 0, "\(String(cString: strerror(errno)))")
            return descriptor
        }

        // MARK: the cache

        private static let long = (1...40).map { "word\($0)" }.joined(separator: " ")

        /// A stack that has kept one prompt, and the folder that it is in.
        private func caching() throws -> (worker: FakeWorker, folder: String) {
            let worker = try FakeWorker("mlx-textgen")
            try worker.configure()
            try worker.apply()
            for _ in 0..<2 { #expect(try worker.stack.ask(Self.long).text == "Well done.") }
            #expect(worker.count("reused 40 of 40") == 1, "\(worker.events)")
            let homes = "\(worker.stack.home)/mlx-textgen-cache"
            let home = try #require(try FileManager.default.contentsOfDirectory(atPath: homes).first)
            return (worker, "\(homes)/\(home)/.cache/mlx_textgen/prompt_cache/demo")
        }

        private static let halves: [(file: String, kept: Int, said: String)] = [
            ("cached_prompts.json", 30, "cached_prompts.json is not whole; lost: one prompt"),
            ("cache_0.safetensors", 0, "cache_0.safetensors has 0 bytes, a safetensors file has at least 8; lost: a prompt of 40 tokens"),
        ]

        private func halve(_ file: String, _ kept: Int) throws {
            let bytes = try Data(contentsOf: URL(filePath: file))
            try #require(bytes.count > kept)
            try bytes.prefix(kept).write(to: URL(filePath: file))
        }

        @Test(arguments: halves)
        func aDamagedCacheIsMendedBeforeAnApply(file: String, kept: Int, said: String) throws {
            let (worker, folder) = try caching()
            try #require(try worker.stack.anyclaude("down").status == 0)
            try halve("\(folder)/\(file)", kept)
            let plan = try worker.stack.anyclaude("plan")
            #expect(plan.output.contains(said), "\(plan.output)")
            let apply = try worker.stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            #expect(apply.errors.contains(said), "\(apply.errors)")
            // Without that, this and every later prompt of its kind would be 500.
            for _ in 0..<2 { #expect(try worker.stack.ask(Self.long).text == "Well done.") }
            #expect(worker.count("reused 40 of 40") == 2, "computed once, and kept again: \(worker.events)")
            #expect(worker.count("POST /v1/chat/completions 500") == 0)
        }

        /// The half that a kill leaves is there at once, and nobody applies.
        @Test(arguments: halves)
        func aDamagedCacheIsMendedBeforeARestart(file: String, kept: Int, said: String) throws {
            let (worker, folder) = try caching()
            let pid = try #require(try worker.status.pid)
            kill(pid_t(pid), SIGSTOP)
            try halve("\(folder)/\(file)", kept)
            kill(pid_t(pid), SIGKILL)
            try worker.waitForSuccessor(of: pid)
            #expect(worker.stack.supervisorLog.contains(said), "\(worker.stack.supervisorLog)")
            for _ in 0..<2 { #expect(try worker.stack.ask(Self.long).text == "Well done.") }
            #expect(worker.count("POST /v1/chat/completions 500") == 0)
        }

        /// A disk that does not answer holds up the one worker whose store is on it: everything else goes on.
        @Test func aStoreThatCannotBeReadYetHoldsUpItsWorkerAlone() throws {
            let (worker, folder) = try caching()
            let pid = try #require(try worker.status.pid)
            let lease = try FileLease("\(folder)/cache_0.safetensors")
            kill(pid_t(pid), SIGKILL)
            // That this can be seen is what is tested: who waits for the disk answers nobody.
            try worker.stack.wait(for: "a start without a process") { try worker.status.state == .starting && worker.status.pid == nil }
            #expect(worker.count("start") == 1, "\(worker.events)")
            lease.release()
            try worker.waitForSuccessor(of: pid)
            #expect(try worker.stack.ask(Self.long).text == "Well done.")
            #expect(worker.count("reused 40 of 40") == 2, "nothing was lost: \(worker.events)")
        }

        @Test func aStopDoesNotWaitForAStore() throws {
            let (worker, folder) = try caching()
            let pid = try #require(try worker.status.pid)
            let lease = try FileLease("\(folder)/cache_0.safetensors")
            kill(pid_t(pid), SIGKILL)
            try worker.stack.wait(for: "a start without a process") { try worker.status.state == .starting && worker.status.pid == nil }
            let down = try worker.stack.anyclaude("down", limit: 30)
            #expect(down.status == 0, "\(down.output)\(down.errors)")
            #expect(worker.count("start") == 1, "\(worker.events)")
            lease.release()
        }

        /// The same damage where nothing mends it: what the two tests above would see.
        @Test func aDamagedCacheThatNobodyMendsStaysDamaged() throws {
            let (worker, folder) = try caching()
            try halve("\(folder)/cache_0.safetensors", 0)
            for _ in 0..<2 { #expect(try worker.stack.ask(Self.long).status != 200) }
            #expect(worker.count("POST /v1/chat/completions 500") >= 2)
            #expect(try worker.stack.ask("short").text == "Well done.")
        }

        // MARK: the repair

        /// Its own modules fail for each prompt, and what the engine puts into the path of its Python repairs them.
        @Test func mlxTextgenIsRepaired() throws {
            let worker = try FakeWorker("mlx-textgen")
            for package in ["mlx", "mlx_textgen"] { try worker.stack.write("fake/packages/\(package)/__init__.py", "") }
            try worker.stack.write(
                "fake/packages/mlx/core.py",
                """
                class metal:
                    is_available = staticmethod(lambda: False)
                    device_info = staticmethod(lambda: {"architecture": "none"})
                """)
            try worker.stack.write(
                "fake/packages/mlx_textgen/model_utils.py",
                """
                import contextlib
                import mlx.core
                @contextlib.contextmanager
                def wired_limit(model, streams=None):
                    mlx.core.metal.device_info()["max_recommended_working_set_size"]
                    yield
                """)
            try worker.stack.write(
                "fake/packages/mlx_textgen/engine.py",
                """
                def calls(status):
                    return len([s for s in status if status == 'tool_call_start'])
                """)
            try worker.configure()
            try worker.apply()
            #expect(try worker.stack.ask().text == "Well done.")
            // Another path of the file's own is in the way.
            let file = try String(contentsOfFile: "\(worker.stack.folder)/.anyclauderc.yaml", encoding: .utf8)
            try worker.stack.write(
                ".anyclauderc.yaml",
                file.replacing("environment: {", with: "environment: { PYTHONPATH: /nowhere,").replacing(
                    "health: {}", with: "health: { startup: { timeout: 1s } }"))
            let apply = try worker.stack.anyclaude("apply")
            #expect(apply.status == 4 && apply.errors.contains("startup probe: status 500"), "\(apply.errors)")
            #expect(try worker.stack.ask().text == "Well done.", "rolled back")
        }
    }
}
