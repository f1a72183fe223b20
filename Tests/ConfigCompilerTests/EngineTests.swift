import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct EngineTests {
    private let roots: PlanPath.Bindings = [
        .config: "/etc/stack", .home: "/home/me", .state: "/state", .cache: "/cache", .logs: "/logs", .runtime: "/run/stack", .bin: "/opt/bin",
    ]
    private enum NoSecret: Error { case asked }

    private func resolved(_ value: PlanValue) throws -> String {
        try value.resolved(roots) { (_: SecretReference) throws(NoSecret) -> String in throw .asked }
    }
    private func argv(_ service: Service) throws -> [String] { try service.argv.map(resolved) }

    private func worker(_ backend: String, top: String = "") throws -> (service: Service, proxied: ProxySettings.Backend, plan: LaunchPlan) {
        let plan = try plan("\(top)backend: vllm-mlx\nbackends:\n  vllm-mlx: \(backend)\n")
        let settings: ProxySettings = try #require(plan.service(named: "proxy")?.settings).decode()
        return (try #require(plan.service(named: "vllm-mlx")), try #require(settings.backends.first), plan)
    }

    @Test func nativeIsToldWhichPromptsToWarm() throws {
        func settings(_ cache: String) throws -> (WorkerSettings.Cache, [PreflightCheck.Requirement]) {
            let (service, _, plan) = try worker("{ model: ./m, cache: { \(cache) } }")
            let settings: WorkerSettings = try #require(service.settings).decode()
            return (settings.cache, plan.preflight.map(\.requirement))
        }
        let (cache, checks) = try settings("warm: [{ file: ./prompts/main.json }, { file: ~/house.txt }]")
        #expect(cache.warm == [.rooted(.config, "prompts/main.json"), .rooted(.home, "house.txt")])
        #expect(checks.contains(.file(path: .rooted(.config, "prompts/main.json"))) && checks.contains(.file(path: .rooted(.home, "house.txt"))))
        // Nothing would keep them.
        let (off, none) = try settings("enable_cache: false, warm: [{ file: ./prompts/main.json }]")
        #expect(off.warm == nil && !none.contains(.file(path: .rooted(.config, "prompts/main.json"))))
        #expect(try settings("warm: []").0.warm == nil)
    }

    @Test func nativeGetsItsListenersAndSettingsFromTheSupervisor() throws {
        let (service, proxied, plan) = try worker(
            "{ model: ./models/Qwen3, contextWindow: 4096, resources: { threads: 2, memory: 2GiB }, cache: { maxBytes: 1GiB } }")
        #expect(try argv(service) == ["/opt/bin/anyclaude-runtime", "serve"])
        #expect(service.notifies)
        #expect(service.sockets.map(\.name) == ["http", "probe"])
        #expect(service.sockets[0].address == .tcp(host: "127.0.0.1", port: 8081))
        #expect(service.endpoint == .socket(name: "http"))
        #expect(service.probes.startup?.deadlineMs == 120_000)
        #expect(service.probes.liveness?.check == .http(path: "/health", at: .socket(name: "probe")))
        let settings: WorkerSettings = try #require(service.settings).decode()
        #expect(settings.model == .rooted(.config, "models/Qwen3"))
        #expect(settings.modelName == "Qwen3")
        #expect(settings.threads == 2)
        #expect(settings.cache.maxBytes == 1 << 30)
        #expect(settings.cache.directory == .rooted(.cache, "kv/vllm-mlx"))
        #expect(proxied.dialect == "native")
        #expect(proxied.target == .service(name: "vllm-mlx"))
        #expect(proxied.model == "Qwen3")
        #expect(plan.preflight.contains { $0.requirement == .model(path: .rooted(.config, "models/Qwen3")) })
        #expect(
            plan.preflight.contains {
                $0.requirement
                    == .memory(model: .rooted(.config, "models/Qwen3"), contextTokens: 4096, slots: 8, limitBytes: 2 << 30, reading: .packed)
            })
        #expect(settings.memoryBytes == 2 << 30)
        #expect(plan.preflight.contains { $0.requirement == .diskSpace(path: .rooted(.cache, "kv/vllm-mlx"), bytes: 1 << 30) })
        #expect(plan.preflight.contains { $0.requirement == .diskSpace(path: .rooted(.cache, "responses.sqlite3"), bytes: 256 << 20) })
    }

    @Test func aNativeWorkerKeepsToTheBudgetWhereItHasNoShareOfItsOwn() throws {
        let (service, _, plan) = try worker("{ model: ./m }", top: "budget: { memory: 8GiB }\nproxy: { resources: { memory: 256MiB } }\n")
        let settings: WorkerSettings = try #require(service.settings).decode()
        #expect(settings.memoryBytes == 8 << 30)
        #expect(
            plan.preflight.contains {
                $0.service == "proxy" && $0.requirement == .memory(model: nil, contextTokens: nil, slots: 0, limitBytes: 256 << 20, reading: .files)
            })
        let unbounded = try worker("{ model: ./m, cache: { enable_cache: false } }", top: "proxy: { responseCache: { enabled: false } }\n")
        let none: WorkerSettings = try #require(unbounded.service.settings).decode()
        #expect(none.memoryBytes == nil)
        #expect(!unbounded.plan.preflight.contains { if case .diskSpace = $0.requirement { true } else { false } })
    }

    @Test func everyEngineIsAskedAboutItsMemory() throws {
        func memory(_ backend: String) throws -> PreflightCheck.Requirement? {
            try worker(backend).plan.preflight.map(\.requirement).first { if case .memory = $0 { true } else { false } }
        }
        let hub = PlanPath.rooted(.home, ".cache/huggingface/hub/models--org--name")
        #expect(
            try memory("{ engine: mlx-lm, model: org/name, contextWindow: 4096, cache: { cache_slots: 3 } }")
                == .memory(model: hub, contextTokens: 4096, slots: 4, limitBytes: nil, reading: .files))
        #expect(
            try memory("{ engine: mlx-textgen, model: org/name, resources: { memory: 4GiB } }")
                == .memory(model: hub, contextTokens: nil, slots: 1, limitBytes: 4 << 30, reading: .files))
        #expect(
            try memory("{ engine: vllm, model: org/name, environment: { HF_HOME: /big } }")
                == .memory(model: nil, contextTokens: nil, slots: 1, limitBytes: nil, reading: .files), "the store is elsewhere")
        #expect(
            try memory("{ engine: llama-server, model: ./m.gguf }")
                == .memory(model: .rooted(.config, "m.gguf"), contextTokens: nil, slots: 1, limitBytes: nil, reading: .files))
        for other in ["{ command: [./serve] }", "{ serverScript: ./s.sh, model: just-a-word }"] {
            #expect(try memory(other) == .memory(model: nil, contextTokens: nil, slots: 1, limitBytes: nil, reading: .files))
        }
    }

    @Test func mlxServersAreAskedAboutTheirPackages() throws {
        let textgen = try worker("{ engine: mlx-textgen, model: ./m, pythonVenv: /venv }").plan
        #expect(
            textgen.preflight.contains {
                $0.key == "backends.vllm-mlx.pythonVenv"
                    && $0.requirement == .mlxTextgen(program: .path(.absolute("/venv/bin/mlx_textgen")), model: .rooted(.config, "m"))
            })
        let script = try worker("{ serverScript: ./mlx-textgen-server.sh, model: ./m }").plan
        #expect(
            script.preflight.contains {
                $0.key == "backends.vllm-mlx.serverScript"
                    && $0.requirement == .mlxTextgen(program: "mlx_textgen", model: .rooted(.config, "m"))
            })
        let lm = try worker("{ engine: mlx-lm, model: org/name }").plan
        #expect(lm.preflight.contains { $0.key == "backends.vllm-mlx.engine" && $0.requirement == .mlxLM(program: "mlx_lm.server") })
    }

    @Test func nativeOverlapsWhereItFitsTwiceOrIsTold() throws {
        #expect(try worker("{ model: ./m }").service.replace == .stopFirst)
        #expect(try worker("{ model: ./m, replace: overlap }").service.replace == .overlap)
        #expect(try worker("{ model: ./m, resources: { memory: 1GiB } }", top: "budget: { memory: 2GiB }\n").service.replace == .overlap)
        #expect(try worker("{ model: ./m, resources: { memory: 1GiB } }", top: "budget: { memory: 1999MiB }\n").service.replace == .stopFirst)
    }

    @Test func aScriptIsCalledWithModelPortAndLog() throws {
        let (service, proxied, plan) = try worker(
            "{ model: /models/Qwen3_Coder-MLX-4bit, serverScript: scripts/mlx-textgen-server.sh, cache: { cache_slots: 3 } }")
        #expect(
            try argv(service) == ["/etc/stack/scripts/mlx-textgen-server.sh", "/models/Qwen3_Coder-MLX-4bit", "8081", "/logs/mlx-textgen-server.log"])
        #expect(service.replace == .stopFirst)
        #expect(service.logs.file == nil)
        #expect(service.endpoint == .tcp(host: "127.0.0.1", port: 8081))
        #expect(service.probes.readiness?.check == .http(path: "/v1/models", at: .tcp(host: "127.0.0.1", port: 8081)))
        // Its list of models answers before one is loaded.
        guard case .post("/v1/completions", let body, _)? = service.probes.startup?.check else {
            Issue.record("a start must prove a token")
            return
        }
        #expect(try JSON(parsing: body)["model"] == "qwen3-coder-mlx")
        #expect(service.probes.liveness?.check == service.probes.startup?.check)
        #expect(service.probes.startup?.deadlineMs == 120_000)
        #expect(service.environment["ANYCLAUDE_CACHE_SLOTS"] == "3")
        #expect(proxied.dialect == "mlx-textgen")
        #expect(proxied.model == "qwen3-coder-mlx")
        #expect(plan.preflight.contains { $0.requirement == .executable(program: .path(.rooted(.config, "scripts/mlx-textgen-server.sh"))) })
        #expect(plan.preflight.contains { $0.requirement == .listener(host: "127.0.0.1", port: 8081) })
    }

    @Test func aPythonScriptIsCalledAsTheEarlierToolDid() throws {
        let (service, proxied, _) = try worker("{ model: ./m, serverScript: scripts/vllm-mlx-server.py, pythonVenv: ~/.venv-mlx }")
        #expect(
            try argv(service) == [
                "/home/me/.venv-mlx/bin/python3", "/etc/stack/scripts/vllm-mlx-server.py", "--model", "/etc/stack/m", "--port", "8081",
            ])
        #expect(proxied.model == "./m")
    }

    @Test func noFileHasTwoWriters() throws {
        let (service, _, _) = try worker("{ model: ./m, serverScript: ./vllm-mlx.sh }")
        #expect(try argv(service).last == "/logs/vllm-mlx-script.log")
    }

    /// Every file of the logs' folder that a service of the plan writes, the launchers' own too.
    private func logFiles(_ backends: [String]) throws -> [String] {
        let names = backends.map { String($0.prefix { $0 != ":" }) }
        let lines = backends.enumerated().map { "  \($1.replacing("{ ", with: "{ kind: vllm-mlx, port: \(9000 + $0), model: ./m, "))\n" }
        let routes = names.map { "{ match: { model: \($0) }, to: \($0) }" }.joined(separator: ", ")
        let plan = try plan("backend: claude\nbackends:\n\(lines.joined())routes: [\(routes)]\n")
        return try plan.services.flatMap { service in
            let own = try argv(service).filter { $0.hasPrefix("/logs/") }.map { String($0.dropFirst("/logs/".count)) }
            return [service.logs.file ?? "\(service.name).log"] + own
        }
    }

    @Test(arguments: [
        ["a: { engine: mlx-lm }", "b: { engine: mlx-lm }"], ["a: { engine: mlx-textgen }", "b: { engine: mlx-textgen }", "c: { engine: mlx-lm }"],
        ["a: { serverScript: ./s.sh }", "b: { serverScript: ./s.sh }"],
        ["a: { serverScript: ./mlx-textgen-server.sh }", "b: { engine: mlx-textgen }"], ["a: { serverScript: ./b.sh }", "b: { engine: native }"],
        ["mlx-lm-server: { engine: native }", "b: { engine: mlx-lm }"], ["a: { serverScript: ./proxy.sh }"],
        ["a: { serverScript: ./supervisor.sh }"], ["a: { serverScript: ./a.sh }", "a-script: { engine: native }"],
        ["a: { serverScript: ./a.sh }", "a-script: { serverScript: ./a-script.sh }", "b: { serverScript: ./a-script.sh }"],
        ["a: { serverScript: ./b-script.sh }", "b: { serverScript: ./b.sh }", "a-script: { serverScript: ./x.sh }"],
    ])
    func everyLogHasOneWriter(backends: [String]) throws {
        let files = try logFiles(backends)
        #expect(Set(files).count == files.count && !files.contains("supervisor.log"), "\(files)")
    }

    @Test func aLogKeepsItsNameWhereNoOtherWorkerHasIt() throws {
        let files = try logFiles(["a: { engine: mlx-lm }", "b: { engine: mlx-textgen }", "c: { serverScript: ./s.sh }"])
        #expect(files == ["mlx-lm-server.log", "mlx-textgen-server.log", "c.log", "s.log", "proxy.log"])
        #expect(try logFiles(["a: { engine: mlx-lm }", "b: { engine: mlx-lm }"]) == ["a.log", "b.log", "proxy.log"])
        let scripts = try logFiles(["a: { serverScript: ./s.sh }", "b: { serverScript: ./s.sh }"])
        #expect(scripts == ["a.log", "a-script.log", "b.log", "b-script.log", "proxy.log"])
    }

    private static func path(_ value: PlanValue) -> PlanPath? { if case .path(let path) = value { path } else { nil } }

    @Test func mlxTextgenGetsAFileAndAHomeOfItsOwn() throws {
        let (service, proxied, _) = try worker(
            "{ engine: mlx-textgen, model: \"./models/it's\", port: 8090, cache: { cache_slots: 4, min_tokens_for_cache: 600, enable_cache: false } }"
        )
        #expect(try argv(service) == ["mlx_textgen", "serve", "-cf", "/run/stack/files/vllm-mlx/mlx-textgen.yaml"])
        let text = try service.files[0].contents.map(resolved).joined()
        let dump = SyntaxDump.dump(SourceFile(path: "x.yaml", bytes: Array(text.utf8)))
        let document = try #require(dump.values.first, "\(text)")
        #expect(document["model_configs"]?[0]?["model_id_or_path"] == "/etc/stack/models/it's")
        #expect(document["model_configs"]?[0]?["model_name"] == "it's")
        #expect(document["model_configs"]?[0]?["enable_cache"] == false)
        #expect(document["min_tokens"] == 600)
        #expect(document["max_reprocess_tokens"] == 600)
        #expect(document["max_capacity"] == 4)
        #expect(document["port"] == 8090)
        let home = try #require(service.environment["HOME"])
        #expect(try resolved(home).hasPrefix("/state/mlx-textgen-cache/vllm-mlx-"))
        #expect(service.logs.file == "mlx-textgen-server.log")
        // A token again, but seldom, and with time for what a client has left.
        #expect(service.probes.liveness?.check == service.probes.startup?.check)
        #expect(service.probes.liveness?.periodMs == 30_000 && service.probes.liveness?.timeoutMs == 60_000)
        #expect(service.store == KeptStore(kind: .mlxTextgen, path: try #require(Self.path(home)), model: .rooted(.config, "models/it's")))
        // What the server lacks without Metal is where its Python looks first.
        let repair = try #require(service.files.last)
        #expect(try resolved(try #require(service.environment["PYTHONPATH"])) + "/sitecustomize.py" == repair.path.resolved(roots))
        #expect(try repair.contents.map(resolved).joined().contains("class Repair:\n    \"\"\""))
        guard case .post(let path, let body, _)? = service.probes.startup?.check else {
            Issue.record("a start must prove a token")
            return
        }
        #expect(path == "/v1/completions")
        #expect(try JSON(parsing: body)["max_tokens"] == 1)
        #expect(proxied.model == "it's")
        let other = try worker("{ engine: mlx-textgen, model: ./elsewhere/it's }").service
        #expect(other.environment["HOME"] != service.environment["HOME"])
    }

    @Test func mlxLMListensWhereItIsTold() throws {
        let (service, proxied, _) = try worker("{ engine: mlx-lm, model: org/name, pythonVenv: /venv, cache: { cache_slots: 2, maxBytes: 1GiB } }")
        #expect(
            try argv(service) == [
                "/venv/bin/mlx_lm.server", "--model", "org/name", "--host", "127.0.0.1", "--port", "8081", "--log-level", "INFO",
                "--prompt-cache-size", "2",
                "--prompt-cache-bytes", "1073741824",
            ])
        #expect(proxied.model == "default_model")
        #expect(service.probes.liveness?.check == .http(path: "/health", at: .tcp(host: "127.0.0.1", port: 8081)))
    }

    @Test func llamaServerAndVLLMTakeTheirKeysByVariable() throws {
        let key = "apiKey: { env: WORKER_KEY }"
        let llama = try worker(
            "{ engine: llama-server, model: ./m.gguf, contextWindow: 8192, resources: { threads: 4 }, cache: { enable_cache: false }, \(key) }")
        #expect(
            try argv(llama.service) == [
                "llama-server", "--model", "/etc/stack/m.gguf", "--alias", "m.gguf", "--host", "127.0.0.1", "--port", "8081", "--jinja", "--metrics",
                "--no-webui", "--ctx-size", "8192", "--parallel", "1", "--threads", "4", "--no-cache-prompt",
            ])
        #expect(llama.service.environment["LLAMA_API_KEY"] == .secret(.env(name: "WORKER_KEY")))
        let vllm = try worker("{ engine: vllm, model: org/name, \(key) }")
        #expect(
            try argv(vllm.service) == [
                "vllm", "serve", "org/name", "--served-model-name", "org/name", "--host", "127.0.0.1", "--port", "8081", "--enable-prefix-caching",
            ])
        #expect(vllm.service.environment["VLLM_API_KEY"] == .secret(.env(name: "WORKER_KEY")))
        #expect(vllm.plan.service(named: "proxy")?.secrets["backends.vllm-mlx.apiKey"] == .env(name: "WORKER_KEY"))
    }

    @Test func aCommandIsReadyAsItSays() throws {
        let (service, _, _) = try worker("{ command: [./serve, --port, \"8083\"], port: 8083, environment: { A: b, KEY: { file: ~/key } } }")
        #expect(try argv(service) == ["/etc/stack/serve", "--port", "8083"])
        #expect(service.probes.readiness?.check == .tcp(at: .tcp(host: "127.0.0.1", port: 8083)))
        #expect(service.environment["A"] == "b")
        #expect(service.environment["KEY"] == .secret(.file(path: .rooted(.home, "key"))))
        let silent = try worker("{ command: [sleep, \"1\"], health: { readiness: none } }").service
        #expect(silent.probes == Probes())
        let asked = try worker("{ command: [x], health: { readiness: { exec: [./ok], period: 1s }, startup: { timeout: 7s, tcp: 99 } } }").service
        #expect(asked.probes.readiness?.check == .exec(argv: [.path(.rooted(.config, "ok"))]))
        #expect(asked.probes.readiness?.periodMs == 1000)
        #expect(asked.probes.startup?.deadlineMs == 7000)
        #expect(asked.probes.startup?.check == .tcp(at: .tcp(host: "127.0.0.1", port: 99)))
    }

    @Test(arguments: [
        ("{ model: ./m }", "native"), ("{ modelPath: /m, model: name }", "native"), ("{ model: ./m, serverScript: ./s.sh }", "script"),
        ("{ command: [x] }", "command"), ("{ model: name }", nil), ("{ model: ./m, autoStartServer: false }", nil),
        ("{ model: ./m, baseUrl: http://10.0.0.2:8081/v1 }", nil), ("{ engine: vllm, model: name }", "vllm"),
    ])
    func theEngineFollowsFromTheKeys(backend: String, engine: String?) {
        let result = compile("backend: vllm-mlx\nbackends:\n  vllm-mlx: \(backend)\n")
        #expect(!result.hasErrors)
        #expect(result.decisions.first?.engine == engine)
        #expect(result.plan?.services.count == (engine == nil ? 1 : 2))
    }

    /// Less than the time to SIGKILL: the last words and the end take time too.
    @Test(arguments: [("30s", 28_000), ("10m", 598_000), ("5s", 3_000), ("1s", 500)])
    func theProxyDrainsAsLongAsItsStopAllows(timeout: String, drainMs: Int) throws {
        let plan = try plan("backend: claude\nproxy: { stop: { timeout: \(timeout) } }\n")
        let settings: ProxySettings = try #require(plan.service(named: "proxy")?.settings).decode()
        #expect(settings.drainMs == drainMs)
    }

    @Test func onlyNeededWorkersStart() throws {
        let text =
            "backend: claude\nbackends:\n  vllm-mlx: { model: ./m }\n  small: { kind: mlx, model: ./s, port: 8082 }\nroutes:\n  - { match: { model: \"*haiku*\" }, to: small }\n"
        let plan = try plan(text)
        #expect(plan.services.map(\.name) == ["proxy", "small"])
        let settings: ProxySettings = try #require(plan.service(named: "proxy")?.settings).decode()
        #expect(settings.backends.map(\.name) == ["claude", "small"])
        #expect(settings.defaultBackend == "claude")
        #expect(settings.routes == [.init(model: "*haiku*", to: "small")])
        #expect(settings.backends[0].api == .anthropic)
        #expect(settings.backends[0].target == .url(base: "https://api.anthropic.com"))
    }
}
