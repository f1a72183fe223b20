import ConfigurationTwins
import FoundationEssentials
import Glibc
import JSON
import Testing

extension CommandLineTests {
    /// The same meaning is the same plan, byte for byte: whoever compiles it, where, when, and however it is written.
    @Suite struct ReproducibilityTests {
        /// A way to run the command, and a way to write the file.
        private struct Setting {
            var zone: String
            var language: String
            var home: String
            var directory: String
            var mask: String
            var more: [String]
        }

        private static func setting(_ index: Int, _ folder: String, _ random: inout SplitMix) -> Setting {
            Setting(
                zone: random.pick(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", ":nonsense", ""]),
                language: random.pick(["C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "POSIX", "ja_JP.eucJP", ""]),
                home: "\(folder)/\(random.pick(["home", "another home", "ünïcödé"]))/\(index)",
                directory: "\(folder)/run/\(index)/\(random.next() % 1000)",
                mask: random.pick(["000", "022", "077", "027"]),
                more: [
                    "USER=user\(index)", "LOGNAME=user\(index)", "HOSTNAME=host\(index)", "EXTRA_\(random.next() % 100)=\(random.next())",
                    "COLUMNS=\(40 + index)",
                ])
        }

        /// Every section that there is.
        static let rich: [(name: String, value: JSON)] = [("workers", workers), ("remotes", remotes)]

        @Test(arguments: rich.indices)
        func twentyProcessesGiveOnePlan(of index: Int) throws {
            let (name, value) = Self.rich[index]
            let box = try Sandbox()
            var random = SplitMix(seed: UInt64(index) + 1)
            var ids: [String: String] = [:]
            var bodies: Set<[UInt8]> = []
            for round in 0..<20 {
                let setting = Self.setting(round, box.folder, &random)
                var twins = Twins(seed: random.next())
                let files: [(name: String, text: String)] =
                    switch round % 5 {
                    case 0: [("a\(round).json", twins.json(value))]
                    case 1: twins.split(value)
                    // Without an ending, the text says what it is.
                    case 2: [(".anyclauderc", round % 2 == 0 ? twins.json(value) : twins.yaml(value))]
                    default: [("b\(round).\(random.pick(["yaml", "yml"]))", twins.yaml(value))]
                    }
                let place = setting.directory.dropFirst(box.folder.count + 1)
                for file in files { try box.write("\(place)/\(file.name)", file.text, mode: 0o640) }
                try FileManager.default.createDirectory(atPath: setting.home, withIntermediateDirectories: true)
                let root = files[0].name
                let path = round % 3 == 0 ? "\(setting.directory)/\(root)" : root
                let out = "\(box.folder)/plan\(round).json"
                var variables =
                    [
                        "TZ=\(setting.zone)", "LANG=\(setting.language)", "LC_ALL=\(setting.language)", "HOME=\(setting.home)", "PATH=/usr/bin:/bin",
                        "ANYCLAUDE_HOME=\(setting.home)/state",
                    ] + setting.more
                variables.shuffle(using: &random)
                let run = try ProgramRun.run(
                    "/usr/bin/env",
                    ["-i"] + variables + [
                        "/bin/sh", "-c", "umask \(setting.mask); exec \"$0\" \"$@\"", Sandbox.program, "plan", "--offline", "-f", path, "--out", out,
                    ],
                    environment: [:], directory: setting.directory, limit: 60)
                let texts = files.map { "# \($0.name)\n\($0.text)" }.joined()
                #expect(run.status == 0, "\(name) \(round): \(run.errors)\n\(texts)")
                guard run.status == 0 else { return }
                let envelope = try JSON(parsing: try box.text("plan\(round).json"))
                let id = try #require(envelope["plan_id"]?.stringValue)
                if ids[id] == nil { ids[id] = texts }
                let body = try #require(envelope["plan"])
                bodies.insert(body.canonicalBytes)
                expectNothing(of: setting, box.folder, in: body)
            }
            #expect(ids.count == 1, "\(name): \(ids)")
            #expect(bodies.count == 1)
        }

        private func expectNothing(of setting: Setting, _ folder: String, in body: JSON) {
            var host = [CChar](repeating: 0, count: 256)
            gethostname(&host, host.count - 1)
            let machine = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let now = time(nil)
            let text = body.text
            for word in [folder, setting.home, setting.directory, "user\(setting.more[0].dropFirst(9))", "/root/", "/tmp/"] where !word.isEmpty {
                #expect(!text.contains(word), "`\(word)` is in the plan")
            }
            // A short name could be in a word by chance.
            if machine.count > 5 { #expect(!text.contains(machine), "the host's name is in the plan") }
            // Neither this hour nor this day, as a number or a date.
            #expect(!text.contains(String(now).prefix(6)))
            var day = tm()
            var moment = now
            gmtime_r(&moment, &day)
            #expect(!text.contains("\(day.tm_year + 1900)-"))
        }

        /// The plan of the same file is another one where the meaning is.
        @Test func anotherMeaningIsAnotherPlan() throws {
            let box = try Sandbox()
            func id(_ text: String) throws -> String? {
                try box.write("a.yaml", text)
                try #require(try box.anyclaude("plan", "--offline", "-f", "a.yaml", "--out", "p.json").status == 0)
                return try JSON(parsing: try box.text("p.json"))["plan_id"]?.stringValue
            }
            let base = try id("backend: claude\n")
            #expect(try id("backend: claude\nproxy: { port: 8789 }\n") != base)
            #expect(try id("# the same\nbackend: \"claude\"\nproxy: {}\n") == base)
        }

        private static let policies: JSONObject = [
            "restart": ["initial": "1s", "max": "1m30s", "resetAfter": "2m", "slowRetry": "10m", "intensity": ["failures": 5, "within": "3m"]],
            "stop": ["timeout": "20s"], "resources": ["memory": "2GiB", "threads": 2],
            "logs": ["maxBytes": "1MiB", "maxFiles": 3, "whenFull": "drop"],
        ]

        private static func with(_ members: JSONObject, _ more: JSONObject) -> JSON { .object(JSONObject(members.members + more.members)) }

        private static let proxy: JSON = with(
            [
                "host": "127.0.0.1", "port": 8790, "authToken": ["env": "ANYCLAUDE_TOKEN"], "promptCache": ["enabled": true, "maxBytes": "32MiB"],
                "responseCache": ["enabled": false, "ttl": "90s", "maxBytes": "128MiB"],
                "limits": ["maxBodyBytes": "4MiB", "maxConcurrent": 12, "firstByteTimeout": "5m", "idleTimeout": "2m", "ping": "5s"],
            ], policies)

        private static let workers: JSON = [
            "$schema": "./anyclaude.schema.json", "instance": "lab", "backend": "main", "probation": "3s", "pythonVenv": "~/venv",
            "budget": ["memory": "24GiB"],
            "proxy": proxy,
            "backends": [
                "main": with(
                    [
                        "kind": "vllm-mlx", "engine": "native", "port": 8091, "model": "./models/qwen", "contextWindow": 32768, "maxTokens": 4096,
                        "description": "the native one: fast", "startupTimeout": "90s", "maxQueue": 32, "maxBatch": 4, "replace": "stop-first",
                        "cache": ["enable_cache": true, "cache_slots": 6, "min_tokens_for_cache": 64, "directory": "kv/main", "maxBytes": "8GiB"],
                        "health": [
                            "startup": ["http": "/health", "timeout": "2m", "period": "1s"], "readiness": ["tcp": 8091, "failures": 2],
                            "liveness": ["exec": ["./probe", "--quick"], "period": "30s", "timeout": "5s"],
                        ],
                    ], policies),
                "textgen": [
                    "kind": "vllm-mlx", "engine": "mlx-textgen", "port": 8092, "model": "mlx-community/Qwen3-8B-4bit", "pythonVenv": "/opt/venv",
                    "cache": ["enable_cache": true, "cache_slots": 6, "min_tokens_for_cache": 64],
                ],
                "lm": [
                    "kind": "vllm-mlx", "engine": "mlx-lm", "port": 8093, "modelPath": "/srv/models/a b", "model": "small",
                    "resources": ["memory": "2GiB"],
                ],
                "cpp": [
                    "kind": "vllm-mlx", "engine": "llama-server", "port": 8094, "model": "./models/small.gguf",
                    "resources": ["memory": "2GiB", "threads": 2],
                ],
                "vllm": [
                    "kind": "vllm-mlx", "engine": "vllm", "port": 8095, "model": "Qwen/Qwen3-8B",
                    "environment": ["HF_TOKEN": ["file": "~/.hf"], "A": "ü \"1\""],
                ],
                "script": ["kind": "vllm-mlx", "serverScript": "scripts/serve.sh", "port": 8096, "model": "m: 1", "stop": ["timeout": "20s"]],
                "any": ["kind": "vllm-mlx", "command": ["./serve", "--port", "8097", ""], "port": 8097, "health": ["liveness": "none"]],
            ],
            "routes": [
                ["match": ["model": "*haiku*"], "to": "textgen"], ["match": ["model": "lm-?"], "to": "lm"], ["match": ["model": "cpp"], "to": "cpp"],
                ["match": ["model": "vllm*"], "to": "vllm"], ["match": ["model": "script"], "to": "script"],
                ["match": ["model": "any"], "to": "any"],
            ],
        ]

        private static let remotes: JSON = [
            "backend": "openrouter", "proxy": ["authToken": ["credential": "token"], "host": "0.0.0.0", "stop": ["timeout": "20s"]],
            "debug": ["level": 0], "probation": "0ms",
            "backends": [
                "openrouter": [
                    "apiKey": ["env": "OR_KEY"], "model": "z-ai/glm-4.6", "contextWindow": 200000, "baseUrl": "https://openrouter.ai/api/v1",
                ],
                "lmstudio": ["apiKey": "lm-studio", "baseUrl": "http://localhost:1234/v1", "model": "current-model"],
                "claude": ["enabled": true, "apiKey": ["file": "keys/claude"]],
                "other": ["kind": "local", "baseUrl": "http://10.0.0.7:8000/v1/", "autoStartServer": false, "engine": "vllm", "model": "x"],
                "off": ["kind": "lmstudio", "enabled": false],
            ],
            "routes": [
                ["match": ["model": "claude-opus*"], "to": "claude"], ["match": ["model": "local/*"], "to": "lmstudio"],
                ["match": ["model": "other"], "to": "other"],
            ],
        ]
    }
}
