import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// `plan` names the lines that caused each change.
@Suite struct CauseTests {
    private func causes(_ old: Compilation, _ new: Compilation) throws -> [String: [String]] {
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        return Dictionary(
            uniqueKeysWithValues: diff.changes.filter { $0.action != .unchanged }.map { change in
                (change.service, change.causes.map { "\($0.key) \($0.source)\($0.new == nil ? " gone" : "")" })
            })
    }

    private static let two = """
        backend: a
        backends:
          a: { kind: vllm-mlx, model: ./a, port: 8081 }
          b: { kind: vllm-mlx, model: ./b, port: 8082 }

        """

    @Test func theActiveBackend() throws {
        let changed = try causes(compile(Self.two), compile(Self.two.replacing("backend: a", with: "backend: b")))
        #expect(changed == ["a": ["backend test.yaml:1:10"], "b": ["backend test.yaml:1:10"], "proxy": ["backend test.yaml:1:10"]])
        let flagged = try causes(compile(Self.two), compile(Self.two, flags: [.backend("b")]))
        #expect(flagged["b"] == ["backend --backend"])
    }

    /// mlx-lm's server is asked for "default_model" whatever it holds.
    @Test func theModelOfAWorkerThatHasOneName() throws {
        let text = Self.two.replacing("model: ./a,", with: "engine: mlx-lm, model: ./a,")
        let proxy = try causes(compile(text), compile(text.replacing("./a", with: "./c") + "proxy: { port: 4999 }\n"))["proxy"]
        #expect(proxy == ["proxy.port test.yaml:5:16"])
    }

    @Test func aRoute() throws {
        let routed = Self.two + "routes:\n  - match: { model: \"*haiku*\" }\n    to: b\n"
        let added = try causes(compile(Self.two), compile(routed))
        #expect(added["b"] == ["routes[0].to test.yaml:7:9"])
        #expect(added["proxy"] == ["routes[0].match.model test.yaml:6:21", "routes[0].to test.yaml:7:9"])
        #expect(added["a"] == nil)
        let removed = try causes(compile(routed), compile(Self.two))
        #expect(removed["b"] == ["routes[0].to test.yaml:7:9 gone"])
        let elsewhere = try causes(compile(routed), compile(routed.replacing("to: b", with: "to: a")))
        #expect(elsewhere["proxy"] == ["routes[0].to test.yaml:7:9"])
        #expect(elsewhere["b"] == ["routes[0].to test.yaml:7:9"])
        let matched = try causes(compile(routed), compile(routed.replacing("*haiku*", with: "*sonnet*")))
        #expect(matched == ["proxy": ["routes[0].match.model test.yaml:6:21"]])
    }

    @Test func aBackendThatIsNotStartedAnyMore() throws {
        let routed = Self.two + "routes: [{ to: b }]\n"
        let left = try causes(compile(routed), compile(routed.replacing("port: 8082", with: "port: 8082, autoStartServer: false")))
        #expect(left["b"] == ["backends.b.autoStartServer test.yaml:4:65"])
        let away = try causes(compile(routed), compile(routed.replacing("port: 8082", with: "baseUrl: http://10.0.0.9:1/v1")))
        #expect(away["b"]?.contains("backends.b.baseUrl test.yaml:4:45") == true)
        let gone = try causes(compile(Self.two), compile("backend: a\nbackends:\n  a: { kind: lmstudio }\n"))
        #expect(gone["a"]?.contains { $0.hasPrefix("backends.a.kind test.yaml:3:14") } == true)
    }

    @Test func theBackendThatIsTakenWhereNoneIsNamed() throws {
        let text = "backends:\n  lmstudio: { enabled: true }\n  claude: { enabled: false }\n"
        let other = "backends:\n  lmstudio: { enabled: false }\n  claude: { enabled: true }\n"
        let proxy = try #require(try causes(compile(text), compile(other))["proxy"])
        #expect(proxy.contains("backends.claude.enabled test.yaml:3:22") && proxy.contains("backends.lmstudio.enabled test.yaml:2:24"))
    }

    @Test func theBudgetThatLetsACopyRunBesideTheFirst() throws {
        let text = "backend: vllm-mlx\nbudget: { memory: 8GiB }\nbackends:\n  vllm-mlx: { model: ./m, resources: { memory: 3GiB } }\n"
        #expect(try causes(compile(text), compile(text.replacing("8GiB", with: "4GiB"))) == ["vllm-mlx": ["budget.memory test.yaml:2:19"]])
    }

    @Test func whatIsOutsideTheServices() throws {
        let old = compile("backend: claude\nprobation: 1s\n")
        let new = compile("backend: claude\n", flags: [.instance("two")])
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        let whole = try #require(diff.whole)
        #expect(
            whole.causes.map { "\($0.key) \($0.source) \($0.oldSource ?? "-")" } == [
                "instance --instance default", "probation default test.yaml:2:12",
            ])
    }

    // MARK: what a service is made from

    @Test func aReplaceNamesTheKeysThatCameAndWent() throws {
        let text = "backend: a\nbackends:\n  a: { kind: vllm-mlx, model: ./a, contextWindow: 4096, environment: { A: b } }\n"
        let gone = try causes(compile(text), compile(text.replacing("4096, environment: { A: b }", with: "2048")))
        #expect(gone["a"] == ["backends.a.contextWindow test.yaml:3:51", "backends.a.environment test.yaml:3:70 gone"])
        let more = text.replacing("{ A: b }", with: "{ A: b }, resources: { threads: 1, cpus: 0 }").replacing("4096", with: "2048")
        let came = try causes(compile(text), compile(more))
        #expect(
            came["a"] == [
                "backends.a.contextWindow test.yaml:3:51", "backends.a.resources.cpus test.yaml:3:111",
                "backends.a.resources.threads test.yaml:3:102",
            ])
    }

    private static let depending = """
        backend: a
        backends:
          a: { kind: vllm-mlx, model: ./a, port: 8081, dependsOn: [d] }
          d: { kind: vllm-mlx, model: ./d, port: 8082, dependsOn: [e] }
          e: { kind: vllm-mlx, model: ./e, port: 8083 }

        """

    @Test func whatIsStartedForOthersNamesThoseThatWaitForIt() throws {
        let alone = Self.depending.replacing(", dependsOn: [d]", with: "")
        let line = "backends.a.dependsOn test.yaml:3:59"
        #expect(try causes(compile(Self.depending), compile(alone)) == ["a": ["\(line) gone"], "d": ["\(line) gone"], "e": ["\(line) gone"]])
        #expect(try causes(compile(alone), compile(Self.depending)) == ["a": [line], "d": [line], "e": [line]])
        // What leads to the one that waits decides on those that it waits for.
        let elsewhere = Self.depending.replacing("backend: a\n", with: "backend: f\n") + "  f: { kind: lmstudio }\n"
        let before = Self.depending + "  f: { kind: lmstudio }\n"
        let stopped = try causes(compile(before), compile(elsewhere))
        #expect(stopped["a"] == ["backend test.yaml:1:10"] && stopped["d"] == stopped["a"] && stopped["e"] == stopped["a"])
        // A route to one that is there anyway starts nothing.
        let routed = try causes(compile(alone), compile(Self.depending + "routes: [{ to: a }]\n"))
        #expect(routed["d"] == [line] && routed["e"] == [line])
    }

    @Test func aRoutesPatternIsNotItsTarget() throws {
        let alone = Self.depending.replacing(", dependsOn: [d]", with: "")
        let changed = try causes(compile(alone), compile(Self.depending + "routes: [{ match: { model: d }, to: a }]\n"))
        #expect(changed["d"] == ["backends.a.dependsOn test.yaml:3:59"])
    }

    @Test func theProxyIsToldOfNeitherTheCommandNorTheAddressOfAWorker() throws {
        let text = "backend: a\nbackends:\n  a: { kind: vllm-mlx, command: [./s], baseUrl: \"http://127.0.0.1:8081/v1\", maxTokens: 512 }\n"
        let other = text.replacing("[./s]", with: "[./t]").replacing("127.0.0.1", with: "localhost").replacing("512", with: "256")
        #expect(try causes(compile(text), compile(other))["proxy"]?.map { $0.prefix { $0 != " " } } == ["backends.a.maxTokens"])
        // That there is a command is something else.
        let native = "backend: a\nbackends:\n  a: { kind: vllm-mlx, model: ./m }\n"
        let command = native.replacing("model: ./m", with: "model: ./m, command: [./s]")
        #expect(try causes(compile(native), compile(command))["proxy"]?.contains { $0.hasSuffix(" test.yaml:3:45") } == true)
    }

    @Test(arguments: ["mlx-lm", "mlx-textgen"])
    func aWorkerThatIsNotToldOfAWindowIsNotMadeFromIt(engine: String) throws {
        let text = """
            backend: b
            backends:
              a: { kind: vllm-mlx, engine: \(engine), model: ./a, port: 8081, contextWindow: 4096, cache: { cache_slots: 4 } }
              b: { kind: vllm-mlx, model: ./b, port: 8082, dependsOn: [a] }

            """
        let larger = text.replacing("4096", with: "8192")
        let both = try causes(compile(text), compile(larger.replacing("slots: 4", with: "slots: 5")))
        #expect(both["a"]?.map { $0.prefix { $0 != " " } } == ["backends.a.cache.cache_slots"])
        // What it changes is whether the memory is enough.
        let (old, new) = (compile(text), compile(larger))
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        #expect(diff.changes.allSatisfy { $0.action == .unchanged })
        #expect(diff.whole?.causes.map(\.key) == ["backends.a.contextWindow"])
    }

    /// Another worker that would write the same log takes its name away.
    @Test func aLogIsCalledOtherwiseBecauseOfAnotherWorker() throws {
        let one = "backend: a\nbackends:\n  a: { kind: vllm-mlx, engine: mlx-lm, model: ./a, port: 8081 }\n"
        let two = one + "  b: { kind: vllm-mlx, engine: mlx-lm, model: ./b, port: 8082 }\n"
        let routed = two + "routes: [{ match: { model: b }, to: b }]\n"
        #expect(try causes(compile(one), compile(routed))["a"]?.contains("backends.b.engine test.yaml:4:32") == true)
        #expect(try causes(compile(two), compile(routed))["a"]?.contains { $0.hasPrefix("routes[0].to") } == true)
        let script = routed.replacing("engine: mlx-lm", with: "serverScript: ./s.sh")
        let others = script.replacing("./s.sh, model: ./b", with: "./t.sh, model: ./b")
        #expect(try causes(compile(others), compile(script))["a"] == ["backends.b.serverScript test.yaml:4:38"])
    }

    /// Ids are of bytes: what looks the same and is not is a cause like any other.
    @Test func textsThatLookTheSameAreTwo() throws {
        let text = "backend: a\nbackends:\n  a: { kind: vllm-mlx, model: ./caf\u{E9} }\n"
        let (old, new) = (compile(text), compile(text.replacing("\u{E9}", with: "e\u{301}")))
        let changed = try causes(old, new)
        #expect(changed["a"] == ["backends.a.model test.yaml:3:31"] && changed["proxy"] == changed["a"])
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        for change in diff.changes { #expect(change.differences?.isEmpty == false, "\(change.service)") }
    }

    @Test func whatAnEngineHasNoUseForIsNoCause() throws {
        let text = "backend: a\npythonVenv: ./v\nbackends:\n  a: { kind: vllm-mlx, model: ./a, contextWindow: 4096 }\n"
        let changed = try causes(compile(text), compile(text.replacing("./v", with: "./w").replacing("4096", with: "2048")))
        #expect(changed["a"] == ["backends.a.contextWindow test.yaml:4:51"])
        // It is still there where another engine has none.
        let python = text.replacing("model: ./a", with: "model: ./a, engine: mlx-lm")
        #expect(try causes(compile(python), compile(text))["a"] == ["backends.a.engine test.yaml:4:31"])
    }
}
