import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// `plan --explain`: where a value came from, and what it went before.
@Suite struct OriginTests {
    private func origins(_ compilation: Compilation, _ key: String) throws -> [ValueOrigin] {
        let origins = try #require(compilation.origins, "\(TextRenderer(color: false).render(compilation.diagnostics, compilation.sources))")
        return try origins.values(of: key)
    }

    /// `=VALUE SOURCE` for what counts, `-VALUE SOURCE` for what does not.
    private func candidates(_ compilation: Compilation, _ key: String) throws -> [String] {
        let all = try origins(compilation, key)
        let origin = try #require(all.first)
        #expect(all.count == 1, "\(all.map(\.key))")
        return origin.candidates.map { candidate in
            "\(candidate.counts ? "=" : "-")\(candidate.value?.text ?? "?") \(candidate.source)\(candidate.key.map { " \($0)" } ?? "")"
        }
    }

    private static let text = "backend: vllm-mlx\nproxy: { port: 9000 }\nbackends:\n  vllm-mlx: { model: ./m, port: 8090 }\n  lmstudio: {}\n"

    @Test func flagsBeforeVariablesBeforeTheFileBeforeTheDefault() throws {
        #expect(try candidates(compile(Self.text), "proxy.port") == ["=9000 test.yaml:2:16", "-8788 default"])
        let all = compile(Self.text, flags: [.port("9002"), .port("9003")], environment: ["ANYCLAUDE_PORT": "9001"])
        #expect(
            try candidates(all, "proxy.port")
                == ["=9003 --port", "-9002 --port", "-9001 $ANYCLAUDE_PORT", "-9000 test.yaml:2:16", "-8788 default"])
        #expect(try candidates(compile("backend: claude\n"), "proxy.port") == ["=8788 default"])
    }

    @Test func laterVariablesGoBeforeEarlierOnes() throws {
        let result = compile(Self.text, environment: ["LOCAL_MODEL": "./l", "VLLM_MLX_MODEL": "./v", "LMSTUDIO_MODEL": "x"])
        #expect(
            try candidates(result, "backends.vllm-mlx.model")
                == ["=\"./v\" $VLLM_MLX_MODEL", "-\"./l\" $LOCAL_MODEL", "-\"./m\" test.yaml:4:22", "-? default"])
        let plan = try #require(result.plan)
        let worker: WorkerSettings = try #require(plan.service(named: "vllm-mlx")?.settings).decode()
        #expect(worker.modelName == "v")
    }

    private func including(_ files: [String: String], root: String) -> Compilation {
        let reader = IncludeReader { (path: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
            Array((files[path.joined(separator: "/")] ?? "").utf8)
        }
        return Compiler.compile(CompilerInput(file: SourceFile(path: "root.yaml", bytes: Array(root.utf8)), includes: reader))
    }

    @Test func theIncludingFileBeforeTheLaterIncludeBeforeTheEarlierOne() throws {
        let result = including(
            [
                "base.yaml": "proxy: { port: 9001 }\nbackends: { vllm-mlx: { cache: { enableCache: false } } }\n",
                "late.yaml": "include: [deep.yaml]\nproxy: { port: 9002 }\n",
                "deep.yaml": "proxy: { port: 9003, host: localhost }\n",
            ], root: "include: [base.yaml, late.yaml]\nbackend: vllm-mlx\nproxy: { port: 9000 }\nbackends: { vllm-mlx: { model: ./m } }\n")
        #expect(
            try candidates(result, "proxy.port") == [
                "=9000 root.yaml:3:16", "-9002 late.yaml:2:16", "-9003 deep.yaml:1:16", "-9001 base.yaml:1:16", "-8788 default",
            ])
        #expect(try candidates(result, "proxy.host") == ["=\"localhost\" deep.yaml:1:28", "-\"127.0.0.1\" default"])
        #expect(try candidates(result, "backends.vllm-mlx.cache.enable_cache") == ["=false base.yaml:2:47", "-true default"])
        #expect(try origins(result, "include")[0].candidates.map(\.source) == ["root.yaml", "base.yaml", "late.yaml", "deep.yaml"])
    }

    @Test func whatAWholeMappingOrListReplaced() throws {
        let result = including(
            [
                "base.yaml": """
                routes: [{ to: lmstudio }]
                backends: { c: { health: { readiness: { http: /x } } } }
                """
            ],
            root: """
                include: [base.yaml]
                backend: c
                backends: { c: { kind: vllm-mlx, command: [./serve], health: { readiness: none } }, claude: }
                routes: [{ match: { model: a }, to: claude }]
                """)
        #expect(
            try candidates(result, "routes[0].to") == ["=\"claude\" root.yaml:4:37", "-? base.yaml:1:9 routes", "-? default"])
        #expect(try candidates(result, "backends.c.health.readiness.http") == ["=\"/x\" base.yaml:2:47", "-? default"])
    }

    @Test func valuesThatFollowFromOthers() throws {
        let result = compile(
            "pythonVenv: ./venv\nport: 9100\nbackend: w\nbackends:\n  w: { kind: vllm-mlx, model: ./m, baseUrl: \"http://localhost:8085/v1\" }\n")
        #expect(try candidates(result, "proxy.port") == ["=9100 test.yaml:2:7 port", "-8788 default"])
        #expect(try candidates(result, "backends.w.port") == ["=8085 test.yaml:5:45 backends.w.baseUrl"])
        #expect(try candidates(result, "backends.w.pythonVenv") == ["=\"./venv\" test.yaml:1:13 pythonVenv"])
        #expect(try candidates(result, "backends.w.engine") == ["=\"native\" test.yaml:5:31"])
        #expect(try candidates(compile("backend: openrouter\n"), "backends.openrouter.apiKey").first == "={\"env\":\"OPENROUTER_API_KEY\"} default")
        #expect(try candidates(compile("backends: { claude: }\n"), "backend") == ["=\"claude\" test.yaml:1:13"])
        // `port` of earlier files is `proxy.port`, and both were written here.
        let both = compile("backend: claude\nport: 1\nproxy: { port: 2 }\n")
        #expect(try candidates(both, "proxy.port") == ["=2 test.yaml:3:16", "-1 test.yaml:2:7 port", "-8788 default"])
    }

    @Test func keysThatReachNoService() throws {
        let text =
            "backend: claude\nprobation: 3s\nbudget: { memory: 1GiB }\nbackends:\n  claude:\n  small: { kind: vllm-mlx, model: ./s, port: 8099 }\n"
        let result = compile(text, flags: [.instance("two")])
        #expect(try candidates(result, "instance") == ["=\"two\" --instance", "-\"default\" default"])
        #expect(try candidates(result, "probation") == ["=\"3s\" test.yaml:2:12", "-\"2s\" default"])
        #expect(try candidates(result, "budget.memory") == ["=\"1GiB\" test.yaml:3:19", "-? default"])
        let port = try #require(try origins(result, "backends.small.port").first)
        #expect(port.value == 8099 && port.services == [])
        #expect(port.note?.contains("neither `backend` nor a fallback nor a route leads to it") == true)
        #expect(try origins(result, "probation")[0].note == "of the plan as a whole")
        #expect(try origins(compile(Self.text), "backends.vllm-mlx.port")[0].services == ["vllm-mlx"])
    }

    @Test func whatAnEngineHasNoUseForIsMadeIntoNothing() throws {
        let result = compile(
            """
            backend: n
            pythonVenv: ./venv
            backends:
              n: { kind: vllm-mlx, model: ./n, port: 8081 }
              o: { kind: vllm-mlx, engine: native, model: ./o, port: 8082, pythonVenv: ./own, serverScript: ./s.sh }
              v: { kind: vllm-mlx, engine: vllm, model: ./v, port: 8083 }
              w: { kind: vllm-mlx, engine: mlx-lm, model: ./w, port: 8084 }
            routes: [{ match: { model: o }, to: o }, { match: { model: v }, to: v }, { match: { model: w }, to: w }]

            """)
        let services = Dictionary(uniqueKeysWithValues: try origins(result, "pythonVenv").map { ($0.key, $0.services) })
        #expect(
            services == [
                "pythonVenv": ["v", "w"], "backends.n.pythonVenv": [], "backends.o.pythonVenv": [], "backends.v.pythonVenv": ["v"],
                "backends.w.pythonVenv": ["w"],
            ])
        let unused = try #require(try origins(result, "backends.o.pythonVenv").first)
        #expect(unused.note == "no service is made from it: engine `native` has no use for it")
    }

    @Test func whatTheProxySendsIsMadeIntoAWorkerWhereItIsToldOfIt() throws {
        let result = compile(
            """
            backend: n
            backends:
              n: { kind: vllm-mlx, model: ./n, port: 8081, apiKey: { env: N }, maxTokens: 512 }
              l: { kind: vllm-mlx, engine: llama-server, model: ./l.gguf, port: 8082, apiKey: { env: L }, maxTokens: 512 }
            routes: [{ match: { model: l }, to: l }]

            """)
        for key in ["apiKey", "maxTokens"] {
            #expect(try origins(result, "backends.n.\(key)").map(\.services) == [["proxy"]])
            #expect(try origins(result, "backends.l.\(key)").map(\.services) == [["l", "proxy"]])
        }
    }

    @Test func whatAWorkerWaitsForIsSaidToBeStartedForIt() throws {
        let text = """
            backend: w
            backends:
              w: { kind: vllm-mlx, model: ./w, port: 8081, dependsOn: [x] }
              x: { kind: vllm-mlx, model: ./x, port: 8082, dependsOn: [y] }
              y: { kind: vllm-mlx, model: ./y, port: 8083 }

            """
        func note(_ text: String, _ key: String) throws -> String? {
            let origin = try #require(try origins(compile(text), key).first)
            #expect(origin.services == [String(key.split(separator: ".")[1])])
            return origin.note
        }
        #expect(try note(text, "backends.w.dependsOn") == "without it `x`, `y` would not be started")
        #expect(try note(text, "backends.x.dependsOn") == "without it `y` would not be started")
        // A route starts it too.
        #expect(try note(text + "routes: [{ match: { model: x }, to: x }]\n", "backends.w.dependsOn") == nil)
    }

    @Test func manyKeysAtOnce() throws {
        let warm = Self.text.replacing("port: 8090", with: "port: 8090, cache: { warm: [{ file: ./a.json }, { file: ./b.txt }] }")
        let result = compile(warm + "routes: [{ match: { model: a }, to: lmstudio, split: [{ to: vllm-mlx }] }, { to: vllm-mlx }]\n")
        #expect(try origins(result, "backends.vllm-mlx.cache.warm[1].file").map { $0.value?.text } == ["\"./b.txt\""])
        #expect(try origins(result, "port").map(\.key) == ["backends.lmstudio.port", "backends.vllm-mlx.port", "proxy.port"])
        #expect(try origins(result, "backends.*.port").map(\.key) == ["backends.lmstudio.port", "backends.vllm-mlx.port"])
        #expect(try origins(result, "proxy.limits").map(\.key).contains("proxy.limits.ping"))
        #expect(try origins(result, "routes[].to").map { $0.value?.text } == ["\"lmstudio\"", "\"vllm-mlx\""])
        #expect(try origins(result, "routes[1].to").map(\.key) == ["routes[1].to"])
        #expect(try origins(result, "backends.vllm-mlx.cache.cacheSlots").map(\.key) == ["backends.vllm-mlx.cache.cache_slots"])
        // Every key of the table is one that can be asked for, but for a mapping of which nothing is used.
        for key in Explanation.allKeys where key != "debug" {
            let found = try origins(result, key).map { origin in
                ["backends.lmstudio": "backends.*", "backends.vllm-mlx": "backends.*", "[0]": "[]", "[1]": "[]"].reduce(origin.key) {
                    $0.replacing($1.key, with: $1.value)
                }
            }
            #expect(!found.isEmpty, "\(key)")
            for one in found {
                // A name alone is that of each key that is called so, and of what is below one.
                let isNamesake = !key.contains(".") && (one.hasSuffix(".\(key)") || one.contains(".\(key)."))
                #expect(one == key || one.hasPrefix("\(key).") || one.hasPrefix("\(key)[]") || isNamesake, "\(key): \(one)")
            }
        }
    }

    @Test(arguments: [
        ("proxy.prt", "proxy.port"), ("prot", "port"), ("backends.vllm.port", "vllm-mlx"), ("routes[7].to", "2 elements"),
        ("proxy.port.x", "explain"),
        ("", "explain"), ("backends..port", ""), ("routes[x].to", ""), ("routes.to", "routes[].to"),
    ])
    func whatIsNoKeyIsSaidWithANearOne(key: String, hint: String) throws {
        let result = compile(Self.text + "routes: [{ match: { model: a }, to: lmstudio }, { to: vllm-mlx }]\n")
        let origins = try #require(result.origins)
        do throws(UnknownKey) {
            let found = try origins.values(of: key)
            Issue.record("\(key): \(found.map(\.key))")
        } catch {
            #expect(error.hint.contains(hint), "\(key): \(error)")
        }
    }

    @Test func secretsAreReferencesAndNothingElse() throws {
        let result = including(
            ["base.yaml": "backends: { lmstudio: { apiKey: sk-canary-4711 } }\n"],
            root: "include: [base.yaml]\nbackend: lmstudio\nbackends: { lmstudio: { apiKey: { env: MINE } } }\n")
        let all = Explanation.allKeys.flatMap { key in (try? origins(result, key)) ?? [] }
        #expect(!all.isEmpty)
        #expect(!(try JSON(encoding: all).text.contains("canary")))
        #expect(
            try candidates(result, "backends.lmstudio.apiKey") == ["={\"env\":\"MINE\"} root.yaml:3:33", "-? base.yaml:1:33", "-? default"])
        // It can be written so.
        let file = compile("backend: lmstudio\nbackends: { lmstudio: { apiKey: { file: ~/key } } }\n")
        #expect(try candidates(file, "backends.lmstudio.apiKey").first == "={\"file\":\"~/key\"} test.yaml:2:33")
        let variable = compile("backend: lmstudio\n", environment: ["LMSTUDIO_API_KEY": "sk-canary"])
        #expect(try candidates(variable, "backends.lmstudio.apiKey")[0] == "={\"env\":\"LMSTUDIO_API_KEY\"} $LMSTUDIO_API_KEY")
    }

    /// What counts here is what the plan was made from.
    @Test func theValueThatCountsIsTheOneOfThePlan() throws {
        for name in try Fixtures.names(in: "valid") {
            let result = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: try Fixtures.bytes("valid/\(name)"))))
            let inputs = result.provenance.inputs.values.flatMap { $0 } + (result.provenance.whole ?? [])
            for input in inputs {
                // `port` is the older name, and stands for the newer one.
                let key = input.key == "port" ? "proxy.port" : input.key
                let origin = try #require(try origins(result, key).first, "\(name) \(input.key)")
                #expect(origin.value == input.value && origin.candidates[0].source == input.source, "\(name) \(input)")
            }
        }
    }
}
