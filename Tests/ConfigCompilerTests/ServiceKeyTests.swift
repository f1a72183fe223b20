import Diagnostics
import JSON
import LaunchPlan
import Testing

@testable import ConfigCompiler

/// Keys that say where requests go, what services may use, and what they wait for.
@Suite struct ServiceKeyTests {
    private func proxy(_ text: String) throws -> (service: Service, settings: ProxySettings) {
        let service = try #require(try plan(text).service(named: "proxy"))
        return (service, try #require(service.settings).decode())
    }

    @Test func routesGoByModelCallAndSize() throws {
        let routes = try proxy(
            """
            backend: claude
            backends: { claude: {}, lmstudio: {}, openrouter: {} }
            routes:
              - { match: { call: side }, to: lmstudio }
              - { match: { model: "*opus*", call: main, minSize: 200KiB, maxSize: 2MiB }, to: openrouter }
            """
        ).settings.routes
        #expect(
            routes == [
                .init(model: nil, call: .side, to: "lmstudio"),
                .init(model: "*opus*", call: .main, minBytes: 200 << 10, maxBytes: 2 << 20, to: "openrouter"),
            ])
    }

    /// What the server leaves in its text is read by the proxy; the native worker leaves nothing there.
    @Test func textThatTheProxyReadsIsDeclared() throws {
        let text = """
            backend: mlx
            backends:
              mlx: { kind: vllm-mlx, engine: mlx-textgen, model: ./m, toolCallDialect: qwen3-coder, reasoningFormat: think-opened }
            """
        let backend = try #require(try proxy(text).settings.backends.first)
        #expect(backend.toolCallDialect == .qwenCoder && backend.reasoningFormat == .openedThink)
        #expect(codes(text).isEmpty)
        let worker = try #require(try plan(text).service(named: "mlx"))
        #expect(worker == (try plan(text.replacing(", toolCallDialect: qwen3-coder, reasoningFormat: think-opened", with: "")).service(named: "mlx")))
        let native = text.replacing("mlx-textgen", with: "native")
        #expect(codes(native) == [.withoutEffect, .withoutEffect])
        #expect(try #require(try proxy(native).settings.backends.first).toolCallDialect == nil)
        #expect(codes(text.replacing("qwen3-coder", with: "qwen")) == [.unknownChoice])
    }

    /// Servers refuse pictures where the model cannot see, and the whole conversation with them.
    @Test func picturesAreSentOrDescribed() throws {
        let text = """
            backend: gguf
            backends:
              gguf: { kind: vllm-mlx, engine: llama-server, model: ./m.gguf, images: described }
            """
        #expect(try #require(try proxy(text).settings.backends.first).images == .described && codes(text).isEmpty)
        #expect(try #require(try proxy(text.replacing(", images: described", with: "")).settings.backends.first).images == nil)
        let native = text.replacing("llama-server", with: "native")
        #expect(try codes(native).contains(.withoutEffect) && proxy(native).settings.backends.first?.images == nil)
    }

    @Test func routesShareAndFallBack() throws {
        let text = """
            backend: claude
            fallback: [small]
            backends:
              claude: {}
              lmstudio: { concurrency: 2 }
              openrouter: {}
              small: { kind: vllm-mlx, model: ./m }
            routes:
              - { match: { call: subagent }, to: lmstudio, weight: 3, split: [{ to: openrouter }], fallback: [claude] }
            """
        let (_, settings) = try proxy(text)
        #expect(settings.fallback == ["small"])
        #expect(
            settings.routes == [
                .init(
                    model: nil, call: .subagent, to: "lmstudio", weight: 3, split: [.init(to: "openrouter", weight: 1)], fallback: ["claude"])
            ])
        #expect(settings.routes[0].shares.map(\.to) == ["lmstudio", "openrouter"])
        #expect(settings.backends.map(\.name) == ["claude", "lmstudio", "openrouter", "small"], "all of them are reached")
        #expect(settings.backends[1].concurrency == 2)
        #expect(try plan(text).service(named: "small") != nil, "what is fallen back to is started")
        let found = compile(
            "backend: claude\nfallback: [a]\nroutes: [{ to: claude, split: [{ to: b }], fallback: [claude, c] }]\n"
        ).diagnostics
        #expect(found.map(\.path) == ["/fallback/0", "/routes/0/split/0/to", "/routes/0/fallback/1"], "\(found)")
        #expect(found.allSatisfy { $0.code == .badRouteTarget })
    }

    @Test func whatBoundsRequestsAndFailures() throws {
        let (_, settings) = try proxy(
            """
            backend: claude
            proxy:
              limits: { maxQueue: 3, holdTimeout: 90s, requestsPerMinute: 30, tokensPerMinute: 40000 }
              retry: { attempts: 2, initial: 100ms, max: 2s }
              circuitBreaker: { failures: 3, openFor: 5s, maxOpenFor: 1m }
            """)
        #expect(settings.limits.maxQueue == 3 && settings.limits.holdTimeoutMs == 90_000)
        #expect(settings.limits.requestsPerMinute == 30 && settings.limits.tokensPerMinute == 40_000)
        #expect(settings.retry == .init(attempts: 2, initialMs: 100, maxMs: 2000))
        #expect(settings.breaker == .init(enabled: true, failures: 3, openMs: 5000, maxOpenMs: 60_000))
        let usual = try proxy("backend: claude\n").settings
        #expect(usual.retry == .init() && usual.breaker == .init() && usual.limits.requestsPerMinute == nil)
    }

    @Test func faultsOfRoutesAreAtTheirPlacesInTheList() {
        let found = compile("backend: claude\nroutes: [3, { to: nowhere }]\n").diagnostics
        #expect(found.map(\.path) == ["/routes/0", "/routes/1/to"], "\(found)")
    }

    @Test func aRouteIsUnreachableOnlyWhereAnEarlierOneTakesAllOfIt() {
        func unreachable(_ first: String, _ second: String) -> Bool {
            codes(
                """
                backend: claude
                backends: { claude: {}, lmstudio: {} }
                routes: [{ match: { \(first) }, to: lmstudio }, { match: { \(second) }, to: claude }]
                """
            ).contains(.unreachableRoute)
        }
        #expect(unreachable("", "call: title"))
        #expect(unreachable("call: side", "call: title, model: x"))
        #expect(unreachable("minSize: 1KiB", "minSize: 2KiB, maxSize: 3KiB"))
        #expect(unreachable("model: x", "minSize: 2KiB, maxSize: 1KiB"))
        #expect(unreachable("model: \"*haiku*\"", "model: \"claude-haiku-?\"") && unreachable("model: \"a*\"", "model: \"a?*\""))
        #expect(!unreachable("model: \"a?\"", "model: \"a*\"") && !unreachable("model: \"*haiku\"", "model: \"*haiku*\""))
        #expect(!unreachable("call: title", "call: side"))
        #expect(!unreachable("call: main", "call: subagent"))
        #expect(!unreachable("minSize: 2KiB", "minSize: 1KiB"))
        #expect(!unreachable("model: x, call: side", "model: x"))
    }

    @Test func coveringIsWhatTakingSays() {
        // Whatever the one route takes, a route that covers it takes too.
        let models = [nil, "*", "**", "a*", "a?", "?*", "*x", "abc"], calls: [ProxySettings.CallKind?] = [nil, .side, .title, .main]
        let sizes: [(Int?, Int?)] = [(nil, nil), (10, nil), (nil, 20), (10, 20), (15, 16)]
        let routes = models.flatMap { model in
            calls.flatMap { call in sizes.map { ProxySettings.Route(model: model, call: call, minBytes: $0.0, maxBytes: $0.1, to: "b") } }
        }
        let kinds: [Set<ProxySettings.CallKind>] = [[.main], [.side], [.side, .title], [.count, .main]]
        let requests = ["abc", "ax", "b"].flatMap { model in
            kinds.flatMap { kinds in [5, 10, 15, 20, 25].map { ProxySettings.Call(model: model, kinds: kinds, bytes: $0) } }
        }
        for first in routes {
            for second in routes where first.covers(second) {
                #expect(requests.allSatisfy { !second.takes($0) || first.takes($0) }, "\(first) covers \(second)")
            }
        }
    }

    @Test func workersOnDemand() throws {
        let text = """
            backend: a
            budget: { memory: 10GiB }
            backends:
              a: { kind: vllm-mlx, model: ./a, port: 8081, idle: { stopAfter: 10m }, resources: { memory: 4GiB } }
              b: { kind: vllm-mlx, model: ./b, port: 8082, idle: {}, resources: { memory: 6GiB } }
              c: { kind: vllm-mlx, model: ./c, port: 8083, resources: { memory: 2GiB } }
            routes: [{ match: { model: b }, to: b }, { match: { model: c }, to: c }]
            """
        let result = try plan(text)
        #expect(result.requiredFeatures == [LaunchPlan.onDemand])
        #expect(result.service(named: "a")?.idle == IdlePolicy(stopAfterMs: 600_000))
        #expect(result.service(named: "b")?.idle == IdlePolicy(stopAfterMs: nil))
        #expect(result.service(named: "c")?.idle == nil)
        #expect(result.service(named: "a")?.replace == .stopFirst)
        #expect(result.service(named: "c")?.replace == .overlap, "2 + 6 for the largest of the others, and 2 again")
        #expect(!(try plan("backend: claude\n").json().text.contains("\"idle\"")), "ids of other plans stay")
        func found(_ change: (String, String)) -> [DiagnosticCode] { codes(text.replacing(change.0, with: change.1)) }
        #expect(found(("idle: {},", "idle: {}, replace: overlap,")) == [.overlapImpossible])
        #expect(found(("port: 8083,", "port: 8083, dependsOn: [a],")) == [.badDependency])
        #expect(found(("memory: 6GiB", "threads: 1")) == [.noRoomOnDemand])
        #expect(found(("memory: 6GiB", "memory: 9GiB")) == [.noRoomOnDemand])
        #expect(found(("budget: { memory: 10GiB }", "")) == [])
        #expect(found(("c: { kind: vllm-mlx, model: ./c, port: 8083,", "c: { kind: lmstudio, idle: {},")).allSatisfy { $0 == .withoutEffect })
    }

    @Test func processorsAreNumbersAndRanges() throws {
        #expect(try ProcessorList.numbers("0-3,6") == [0, 1, 2, 3, 6])
        #expect(try ProcessorList.numbers("4,1-2,2") == [1, 2, 4])
        #expect(ProcessorList.text([0, 1, 2, 3, 6, 8, 9]) == "0-3,6,8-9")
        for text in ["", "-", "1-", "-1", "3-1", "1,,2", "a", "1-2-3", "99999", "8192", "0x1", "1 ", "٣"] {
            #expect(throws: ValueFault.self, "\(text)") { try ProcessorList.numbers(text) }
        }
        let whole = try plan("backends: { vllm-mlx: { model: ./m, resources: { cpus: 0-1, threads: 2 } } }\nproxy: { resources: { cpus: 3 } }\n")
        #expect(whole.service(named: "vllm-mlx")?.resources.cpus == [0, 1])
        #expect(whole.service(named: "proxy")?.resources.cpus == [3])
        #expect(whole.preflight.contains { $0.requirement == .processors(numbers: [0, 1]) && $0.service == "vllm-mlx" })
        #expect(whole.preflight.contains { $0.requirement == .processors(numbers: [3]) && $0.service == "proxy" })
    }

    @Test func aWorkerWaitsForItsDependenciesAndStartsThem() throws {
        let whole = try plan(
            """
            backend: main
            backends:
              main: { kind: mlx, port: 8081, model: ./a, dependsOn: [helper] }
              helper: { kind: mlx, port: 8082, model: ./b, apiKey: { env: HELPER_KEY }, dependsOn: [store] }
              store: { kind: mlx, engine: command, command: [./store], port: 8083 }
              spare: { kind: mlx, port: 8084, model: ./c }
            """)
        #expect(whole.services.map(\.name) == ["helper", "main", "proxy", "store"])
        #expect(whole.service(named: "main")?.dependsOn == ["helper"])
        // What only a worker needs, requests cannot reach; the proxy has no key for it.
        let proxy = try #require(whole.service(named: "proxy"))
        let settings: ProxySettings = try #require(proxy.settings).decode()
        #expect(settings.backends.map(\.name) == ["main"])
        #expect(proxy.secrets.isEmpty)
    }

    @Test func circlesOfAnyLengthAreFoundOnceEach() {
        func found(_ dependencies: [String: [String]]) -> Int {
            let lines = dependencies.sorted { $0.key < $1.key }.enumerated().map { index, element in
                "  \(element.key): { kind: mlx, port: \(9000 + index), model: ./m, dependsOn: [\(element.value.joined(separator: ", "))] }"
            }
            return codes("backend: a\nbackends:\n\(lines.joined(separator: "\n"))\n").count { $0 == .dependencyCycle }
        }
        #expect(found(["a": ["b"], "b": ["c"], "c": []]) == 0)
        #expect(found(["a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []]) == 0)
        #expect(found(["a": ["a"]]) == 1)
        #expect(found(["a": ["b"], "b": ["c"], "c": ["b"]]) == 1)
        #expect(found(["a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["c"]]) == 2)
    }

    @Test func tlsNeedsACertificateAndItsKey() throws {
        let open =
            "proxy: { host: 0.0.0.0, authToken: { env: T }, tls: { certificate: ./tls/chain.pem, key: { file: ./tls/key.pem }, serverName: box.example } }\n"
        let (service, settings) = try proxy("backend: claude\n\(open)")
        #expect(settings.tls == .init(certificate: .rooted(.config, "tls/chain.pem"), key: "proxy.tls.key", serverName: "box.example"))
        #expect(service.secrets["proxy.tls.key"] == .file(path: .rooted(.config, "tls/key.pem")))
        #expect(try plan("backend: claude\n\(open)").preflight.contains { $0.requirement == .file(path: .rooted(.config, "tls/chain.pem")) })
        #expect(codes("backend: claude\nproxy: { tls: { certificate: ./c.pem } }\n") == [.missingKey])
        #expect(codes("backend: claude\nproxy: { tls: { certificate: ./c.pem, key: \"\" } }\n") == [.missingKey])
        #expect(codes("backend: claude\nproxy: { tls: { certificate: ./c.pem, key: not-a-reference } }\n") == [.literalSecret])
    }
}

/// Addresses that contradict each other, and variables that must find their backend.
@Suite struct AddressTests {
    @Test func aBackendMustNotBeTheProxyItself() {
        func found(_ proxy: String, _ backend: String) -> Bool {
            codes("backend: b\nproxy: { \(proxy) }\nbackends: { b: { \(backend) } }\n").contains(.selfReference)
        }
        #expect(found("port: 4000", "kind: lmstudio, baseUrl: \"http://localhost:4000/v1\""))
        #expect(found("port: 4000", "kind: claude, baseUrl: \"http://[0:0:0:0:0:0:0:1]:4000\""))
        #expect(found("port: 4000", "kind: mlx, autoStartServer: false, port: 4000"))
        #expect(!found("port: 4000", "kind: lmstudio, baseUrl: \"http://localhost:4001/v1\""))
        #expect(!found("port: 4000", "kind: lmstudio, baseUrl: \"http://10.0.0.1:4000/v1\""))
    }

    @Test func everySpellingOfTheProxysAddressIsTheProxy() {
        func found(_ host: String, _ url: String) -> Bool {
            codes(
                "backend: b\nproxy: { host: \"\(host)\", port: 4000, authToken: { env: T } }\nbackends: { b: { kind: lmstudio, baseUrl: \"\(url)\" } }\n"
            )
            .contains(.selfReference)
        }
        #expect(found("127.0.0.1", "http://0.0.0.0:4000/v1") && found("::1", "http://[::]:4000/v1"))
        #expect(found("192.168.1.5", "http://192.168.1.5:4000/v1") && found("box.example", "http://BOX.example:4000/v1"))
        #expect(found("0.0.0.0", "http://a.localhost:4000/v1"))
        #expect(!found("192.168.1.5", "http://192.168.1.6:4000/v1") && !found("192.168.1.5", "http://localhost:4000/v1"))
    }

    /// On Linux a connection to it arrives at this machine.
    @Test(arguments: ["0.0.0.0", "[::]"])
    func theAddressOfEveryInterfaceIsOnThisMachine(host: String) throws {
        let text = "backend: w\nbackends: { w: { kind: mlx, model: ./m, baseUrl: \"http://\(host):8085/v1\" } }\n"
        #expect(codes(text).isEmpty)
        let worker = try #require(try plan(text).service(named: "w"))
        // It is open to this machine alone all the same.
        #expect(worker.sockets.first?.address == .tcp(host: "127.0.0.1", port: 8085))
        #expect(codes(text.replacing("model: ./m", with: "model: ./m, port: 8086")) == [.portMismatch])
    }

    @Test(arguments: ["LOCALHOST", "x.localhost", "::ffff:127.0.0.1", "127.0.0.1", "::FFFF:7F00:1", "0.0.0.0"])
    func twoListenersOnOneAddressAreFoundHoweverItIsWritten(host: String) {
        let text = "backend: w\nproxy: { host: \"\(host)\", port: 8081, authToken: { env: T } }\nbackends: { w: { kind: mlx, model: ./m } }\n"
        #expect(codes(text) == [.sameListener])
    }

    @Test func aWorkerOnTheAddressOfAServerThatSomebodyElseRunsIsFound() {
        func found(_ worker: String, _ other: String) -> [DiagnosticCode] {
            codes("backend: w\nbackends: { w: { kind: mlx, model: ./m, \(worker) }, o: { \(other) } }\nroutes: [{ match: { model: x }, to: o }]\n")
        }
        #expect(found("port: 1234", "kind: lmstudio") == [.sameListener])
        #expect(found("port: 8081", "kind: mlx, model: x, autoStartServer: false") == [.sameListener])
        #expect(found("port: 1234", "kind: lmstudio, baseUrl: \"http://0.0.0.0:1234/v1\"") == [.sameListener])
        #expect(found("port: 1235", "kind: lmstudio").isEmpty)
        #expect(found("port: 1234", "kind: lmstudio, baseUrl: \"http://10.0.0.1:1234/v1\"").isEmpty)
        // Nothing leads there.
        #expect(codes("backend: w\nbackends: { w: { kind: mlx, model: ./m, port: 1234 }, lmstudio: {} }\n").isEmpty)
    }

    @Test func aColonInAHostIsThatOfAnAddressOfVersionSix() {
        for host in ["127.0.0.1:8788", "1:", ":", "...:", "::1:"] {
            #expect(codes("backend: claude\nproxy: { host: \"\(host)\", authToken: { env: T } }\n") == [.badHost], "\(host)")
        }
        for host in ["::", "::1", "fe80::1.2.3.4"] { #expect(HostName.isValid(host), "\(host)") }
    }

    @Test func whatAWorkersAddressSaysMustHold() {
        func found(_ url: String) -> [DiagnosticCode] { codes("backend: w\nbackends: { w: { kind: mlx, model: ./m, baseUrl: \"\(url)\" } }\n") }
        #expect(found("http://localhost/v1") == [.portMismatch])
        #expect(found("https://localhost:8081/v1") == [.withoutEffect])
        #expect(found("http://localhost:8081/custom") == [.withoutEffect])
        #expect(found("http://localhost:8081/v1").isEmpty)
        #expect(found("http://[0:0:0:0:0:0:0:1]:8081").isEmpty)
    }

    @Test func addressesOfVersionSixHaveManySpellings() {
        for host in ["::1", "0:0::1", "0:0:0:0:0:0:0:1", "::FFFF:127.0.0.1"] { #expect(HostName.isLoopback(host), "\(host)") }
        for host in ["::2", "::ffff:10.0.0.1", "fe80::1"] { #expect(!HostName.isLoopback(host), "\(host)") }
        #expect(HostName.isWildcard("0::0") && !HostName.isWildcard("::1"))
        #expect(HostName.canonical("0::1") == HostName.canonical("::1"))
        for host in ["LOCALHOST", "x.Localhost", "::ffff:127.0.0.1", "::FFFF:7f00:1"] { #expect(HostName.canonical(host) == "127.0.0.1", "\(host)") }
        #expect(HostName.isWildcard("::ffff:0.0.0.0"))
    }

    @Test func ofBothNamesOfTheProxysPortTheOneThatIsNotUsedSaysSo() throws {
        func label(_ text: String) throws -> String { try #require(compile(text).diagnostics.first { $0.code == .deprecatedKey }).label }
        #expect(try label("backend: claude\nport: 1\nproxy: { port: 2 }\n") == "not used: `proxy.port` goes before it")
        #expect(try label("backend: claude\nport: 1\nproxy: { host: localhost }\n") == "still works")
    }

    /// Requests to it pass as they are.
    @Test func whatAClaudeBackendHasNoUseForIsNamed() {
        let text = "backend: claude\nbackends: { claude: { model: x, maxTokens: 5, contextWindow: 300 } }\n"
        let found = compile(text).diagnostics
        #expect(found.map(\.code) == [.withoutEffect])
        #expect(found.first?.secondary.count == 2)
        #expect(codes(text.replacing("claude", with: "lmstudio")).isEmpty)
    }

    @Test func whereARoutesTargetStandsIsAPointer() {
        let text = "backend: claude\nbackends: { lmstudio: { enabled: false } }\nroutes: [{ match: { model: a }, to: claude }, { to: TARGET }]\n"
        for target in ["lmstudio", "nobody"] {
            #expect(compile(text.replacing("TARGET", with: target)).diagnostics.map(\.path) == ["/routes/1/to"], "\(target)")
        }
        #expect(compile("backend: lmstudio\nbackends: { lmstudio: { enabled: false } }\n").diagnostics.map(\.path) == ["/backend"])
    }

    @Test func keysOfAWorkerThatNobodyStartsAreNamed() {
        let text =
            "backend: w\nbackends: { w: { kind: mlx, engine: native, port: 9, model: ./m, autoStartServer: false, maxBatch: 4, dependsOn: [no] } }\n"
        #expect(codes(text) == [.withoutEffect, .badDependency])
    }

    @Test func whatNobodyStartsWaitsForNothing() throws {
        let whole = try plan(
            """
            backend: lmstudio
            backends:
              lmstudio: { dependsOn: [w] }
              w: { kind: mlx, model: ./m }
            """)
        #expect(whole.services.map(\.name) == ["proxy"])
    }

    @Test func variablesFindBackendsByKindAndByRoute() throws {
        let byKind = try plan("backend: studio\nbackends: { studio: { kind: lmstudio } }\n", environment: ["LMSTUDIO_MODEL": "qwen"])
        let settings: ProxySettings = try #require(byKind.service(named: "proxy")?.settings).decode()
        #expect(settings.backends.first?.model == "qwen")
        let byRoute = try plan(
            "backend: claude\nroutes: [{ match: { call: count }, to: lmstudio }]\n", environment: ["LMSTUDIO_URL": "http://127.0.0.1:9999/v1"])
        let routed: ProxySettings = try #require(byRoute.service(named: "proxy")?.settings).decode()
        #expect(routed.backends.first { $0.name == "lmstudio" }?.target == .url(base: "http://127.0.0.1:9999/v1"))
    }
}
