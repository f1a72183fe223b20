import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct SystemdEmitTests {
    private static let programs = ["llama-server": "/usr/bin/llama-server", "vllm": "/opt/vllm/bin/vllm", "mlx_textgen": "/usr/bin/mlx_textgen"]

    private func fixture(_ name: String) throws -> LaunchPlan {
        let result = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: try Fixtures.bytes("valid/\(name)"))))
        return try #require(result.plan, "\(TextRenderer(color: false).render(result.diagnostics, result.sources))")
    }

    private func system(_ plan: LaunchPlan, config: String = "/srv/lab") -> SystemdBindings {
        .system(instance: plan.instance, config: config, bin: "/usr/local/bin", programs: Self.programs)
    }

    private func user(_ plan: LaunchPlan) -> SystemdBindings {
        .user(
            instance: plan.instance, config: "/home/ann/work", bin: "/home/ann/bin", home: "/home/ann", settingsHome: "/home/ann/.config",
            runtime: "/run/user/1000", state: "/home/ann/.anyclaude", cache: "/home/ann/.anyclaude/cache", logs: "/home/ann/.anyclaude/logs",
            programs: Self.programs)
    }

    private func text(_ emission: Emission) -> String {
        emission.files.map { file in "# ==> \(file.path) \(String(file.mode, radix: 8))\n\(String(decoding: file.bytes, as: UTF8.self))\n" }.joined()
            + emission.notes.map { "note: \($0)\n" }.joined()
    }

    private func file(_ emission: Emission, _ suffix: String) throws -> String {
        String(decoding: try #require(emission.files.first { $0.path.hasSuffix(suffix) }).bytes, as: UTF8.self)
    }

    @Test(arguments: ["full.yaml", "foreign.yaml", "migration-after.yaml", "migration-before.json"])
    func treesHaveGoldenForms(name: String) throws {
        let plan = try fixture(name)
        try Fixtures.expectGolden(text(try SystemdEmitter.emit(plan, bindings: system(plan))), "systemd/\(name).system.txt")
        try Fixtures.expectGolden(text(try SystemdEmitter.emit(plan, bindings: user(plan))), "systemd/\(name).user.txt")
    }

    @Test func thePlanAloneDecides() throws {
        let plan = try fixture("full.yaml")
        let first = try SystemdEmitter.emit(plan, bindings: system(plan))
        for _ in 0..<20 { #expect(try SystemdEmitter.emit(fixture("full.yaml"), bindings: system(plan)) == first) }
    }

    @Test func everyFileSaysWhoWroteIt() throws {
        let plan = try fixture("foreign.yaml")
        for file in try SystemdEmitter.emit(plan, bindings: system(plan)).files {
            #expect(EmitMarker.marks(file.bytes, instance: "foreign"), "\(file.path)")
            #expect(!EmitMarker.marks(file.bytes, instance: "foreig"))
            #expect(!EmitMarker.marks(file.bytes, instance: "foreign-2"))
        }
        #expect(!EmitMarker.marks(Array("[Unit]\nDescription=mine\n".utf8), instance: "foreign"))
    }

    @Test func theProxyFindsWorkersWithoutLeases() throws {
        let plan = try fixture("full.yaml")
        let emission = try SystemdEmitter.emit(plan, bindings: system(plan))
        let document = try JSON(parsing: Array(try file(emission, "proxy.settings.json").utf8)).decode(ServiceSettings<ProxySettings>.self)
        let targets = Dictionary(uniqueKeysWithValues: document.settings.backends.map { ($0.name, $0.target) })
        #expect(targets["vllm-mlx"] == .url(base: "http://127.0.0.1:8081/v1"))
        #expect(targets["small"] == .url(base: "http://127.0.0.1:8082/v1"))
        #expect(targets["openrouter"] == .url(base: "https://openrouter.ai/api/v1"))
        #expect(document.roots[.cache] == "/var/cache/anyclaude-lab")
        #expect(document.service == "proxy")
        let worker = try JSON(parsing: Array(try file(emission, "vllm-mlx.settings.json").utf8)).decode(ServiceSettings<WorkerSettings>.self)
        #expect(worker.settings.contextWindow == 65536)
    }

    /// Names have no dots, so that no two instances share a unit.
    @Test func instancesShareNoFile() throws {
        func paths(_ instance: String, _ backend: String) throws -> Set<String> {
            let plan = try plan(
                "instance: \(instance)\nbackend: \(backend)\nbackends: { \(backend): { kind: vllm-mlx, model: ./m } }\n")
            return Set(try SystemdEmitter.emit(plan, bindings: system(plan)).files.map(\.path))
        }
        #expect(try paths("a", "b-c").isDisjoint(with: paths("a-b", "c")))
    }

    @Test func aLongInstanceHasAUserOfItsOwn() throws {
        let plan = try plan("instance: \(String(repeating: "x", count: 32))\nbackend: claude\n")
        let unit = try file(try SystemdEmitter.emit(plan, bindings: system(plan)), "proxy.service")
        let user = try #require(unit.split(separator: "\n").first { $0.hasPrefix("User=") }).dropFirst(5)
        #expect(user.count <= 31)
    }

    @Test func homesAreReadOnlyWhereTheyAreNeeded() throws {
        let plan = try plan("backend: vllm-mlx\nbackends: { vllm-mlx: { model: ./m } }\n")
        let inHome = try SystemdEmitter.emit(plan, bindings: system(plan, config: "/home/ann/x"))
        #expect(try file(inHome, "vllm-mlx.service").contains("ProtectHome=read-only"))
        #expect(try file(inHome, "proxy.service").contains("ProtectHome=yes"))
        #expect(inHome.notes.contains { $0.contains("must be able to read /home/ann/x/m") })
        let elsewhere = try SystemdEmitter.emit(plan, bindings: system(plan))
        #expect(try file(elsewhere, "vllm-mlx.service").contains("ProtectHome=yes"))
        // A program that was found on PATH counts too.
        let foreign = LaunchPlan(instance: "i", services: [Service(name: "w", role: .worker, argv: ["serve"])], probationMs: 0)
        let found = SystemdBindings.system(instance: "i", config: "/srv", bin: "/usr/bin", programs: ["serve": "/home/ann/.local/bin/serve"])
        #expect(try file(try SystemdEmitter.emit(foreign, bindings: found), "w.service").contains("ProtectHome=read-only"))
    }

    /// systemd gives a service with a dynamic user a /tmp of its own, whatever the unit says.
    @Test func whatIsInTemporaryFoldersIsShown() throws {
        let plan = try plan("backend: vllm-mlx\nbackends: { vllm-mlx: { model: ./m } }\n")
        func lines(_ emission: Emission, _ name: String) throws -> [String] {
            try file(emission, name).split(separator: "\n").filter { $0.hasPrefix("BindReadOnlyPaths=") }.map(String.init)
        }
        let below = try SystemdEmitter.emit(plan, bindings: system(plan, config: "/tmp/a b:c/d"))
        #expect(try lines(below, "vllm-mlx.service") == ["BindReadOnlyPaths=\"-/tmp/a b:c\""])
        #expect(try lines(below, "proxy.service") == [])
        #expect(try file(below, "vllm-mlx.service").contains("PrivateTmp=yes\n# "))
        #expect(below.notes.contains { $0.contains("must be able to read /tmp/a b:c,") })
        let itself = try SystemdEmitter.emit(plan, bindings: system(plan, config: "/tmp"))
        #expect(try lines(itself, "vllm-mlx.service") == ["BindReadOnlyPaths=-/tmp/m"])
        let programs = try SystemdEmitter.emit(
            plan, bindings: .system(instance: plan.instance, config: "/srv/lab", bin: "/var/tmp/x:y/bin", programs: [:]))
        #expect(try lines(programs, "vllm-mlx.service") == ["BindReadOnlyPaths=\"-/var/tmp/x:y\""])
        #expect(try lines(programs, "proxy.service") == ["BindReadOnlyPaths=\"-/var/tmp/x:y\""])
        let elsewhere = try SystemdEmitter.emit(plan, bindings: system(plan, config: "/tmpfs/x"))
        #expect(!text(elsewhere).contains("BindReadOnlyPaths") && !elsewhere.notes.contains { $0.contains("goes at a boot") })
        #expect(!text(try SystemdEmitter.emit(plan, bindings: user(plan))).contains("BindReadOnlyPaths"))
    }

    /// A service's own /tmp is as good for what it writes.
    @Test func whatIsWrittenToTemporaryFoldersIsNotShown() throws {
        var service = Service(name: "w", role: .worker, argv: ["serve", .text("/tmp/w/cache"), .text("--model=/tmp/other/m"), .text("/tmp")])
        service.probes.startup = Probe(check: .exec(argv: [.path(.absolute("/var/tmp/ready"))]), periodMs: 1, timeoutMs: 1, failures: 1)
        service.directory = .absolute("/srv/lab")
        var plan = LaunchPlan(instance: "i", services: [service], probationMs: 0)
        plan.preflight = [PreflightCheck(service: "w", requirement: .writableDirectory(path: .absolute("/tmp/w")), key: "")]
        let bindings = SystemdBindings.system(instance: "i", config: "/srv/lab", bin: "/usr/bin", programs: ["serve": "/tmp/venv/bin/serve"])
        let emission = try SystemdEmitter.emit(plan, bindings: bindings)
        let unit = try file(emission, "w.service")
        #expect(unit.contains("BindReadOnlyPaths=-/tmp/other\nBindReadOnlyPaths=-/tmp/venv\nBindReadOnlyPaths=-/var/tmp/ready\n"))
        #expect(!unit.contains("BindReadOnlyPaths=-/tmp/w"))
        #expect(emission.notes.contains { $0.contains("What is written to /tmp/w is gone when the service stops") })
    }

    @Test(arguments: ["lab.example", "nas", "1.2.3", "0.0.0.256"])
    func aNameIsNoAddress(host: String) throws {
        var plan = try fixture("full.yaml")
        for index in plan.services.indices {
            for socket in plan.services[index].sockets.indices where plan.services[index].sockets[socket].name == "http" {
                plan.services[index].sockets[socket].address = .tcp(host: host, port: 1)
            }
        }
        #expect(throws: EmitError.self) { try SystemdEmitter.emit(plan, bindings: system(plan)) }
    }

    @Test func whatAHandMadePlanCannotSayIsRefused() throws {
        func refused(_ change: (inout Service) -> Void, sourceLocation: SourceLocation = #_sourceLocation) throws {
            var service = Service(name: "w", role: .worker, argv: ["prog"])
            change(&service)
            let plan = LaunchPlan(instance: "i", services: [service], probationMs: 0)
            #expect(throws: EmitError.self, sourceLocation: sourceLocation) { try SystemdEmitter.emit(plan, bindings: system(plan)) }
        }
        let secret = PlanValue.secret(.env(name: "KEY"))
        try refused { $0.name = "../w" }
        try refused { $0.argv = [] }
        try refused { $0.argv = ["prog", secret] }
        try refused { $0.argv = ["prog", "a\0b"] }
        try refused { $0.files = [GeneratedFile(path: .rooted(.runtime, "f"), contents: [secret])] }
        try refused {
            $0.files = ["a/f", "b/f"].map { GeneratedFile(path: .rooted(.runtime, $0), contents: []) }
        }
        try refused { $0.environment = ["A B": "x"] }
        try refused { $0.environment = ["A": .secret(.env(name: "../KEY"))] }
        try refused { $0.environment = ["A": .secret(.credential(name: "a:b"))] }
        try refused { $0.environment = ["A": .text(noncharacter(0xFFFE))] }
        try refused { $0.directory = .absolute("/a\nb") }
        try refused { $0.dependsOn = ["other"] }
        try refused { $0.secrets = ["a/b": .env(name: "KEY")] }
        for name in ["A;id;B", "", "1A", "A=B", "A\nB"] { try refused { $0.environment = [name: secret] } }
        for number in [Int.max, Int.min, -1] {
            try refused { $0.restart.failures = number }
            try refused { $0.restart.withinMs = number }
            try refused { $0.restart.initialMs = number }
            try refused { $0.stop.timeoutMs = number }
            try refused { $0.resources.memoryBytes = number }
            try refused { $0.resources.cpus = [number] }
            for change in [{ $0.deadlineMs = number }, { $0.periodMs = number }, { $0.timeoutMs = number }] as [(inout Probe) -> Void] {
                var probe = Probe(check: .exec(argv: ["true"]), periodMs: 1, timeoutMs: 1, failures: 1)
                change(&probe)
                try refused { $0.probes.startup = probe }
                try refused { $0.probes.readiness = probe }
            }
        }
    }

    /// What listens on every address of a family is asked at that family's own.
    @Test(arguments: [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.2", "127.0.0.2")])
    func aWorkerOnAllAddressesIsAskedAtItsOwn(host: String, asked: String) throws {
        var plan = try plan("backend: vllm-mlx\nbackends: { vllm-mlx: { model: ./m, engine: command, command: [./serve], port: 9 } }\n")
        let index = try #require(plan.services.firstIndex { $0.name == "vllm-mlx" })
        plan.services[index].endpoint = .tcp(host: host, port: 9)
        plan.services[index].probes.startup = Probe(
            check: .tcp(at: .tcp(host: host, port: 9)), periodMs: 1, timeoutMs: 1, failures: 1)
        let emission = try SystemdEmitter.emit(plan, bindings: system(plan))
        #expect(try file(emission, "vllm-mlx.service").contains("--host \(asked) --port 9"))
        #expect(try file(emission, "proxy.settings.json").contains("http://\(asked.contains(":") ? "[\(asked)]" : asked):9/v1"))
    }

    @Test func secretsOfOthersComeByCredentialAndShell() throws {
        let plan = try fixture("foreign.yaml")
        let unit = try file(try SystemdEmitter.emit(plan, bindings: system(plan)), "big.service")
        #expect(unit.contains("LoadCredential=secret.HF_TOKEN:/etc/anyclaude/foreign/secrets/HF_TOKEN\n"))
        #expect(unit.contains("LoadCredential=secret.VLLM_API_KEY:/srv/lab/keys/vllm\n"))
        #expect(unit.contains("export VLLM_API_KEY"))
        #expect(!unit.contains("Environment=HF_TOKEN"))
    }
}
