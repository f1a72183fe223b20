import JSON
import LaunchPlan
import Testing

@testable import anyclaude

struct PlanTextTests {
    private let style = Style(isColored: false)

    private func named(_ services: [Service]) throws -> NamedPlan {
        let plan = LaunchPlan(
            instance: "default", services: services,
            preflight: [PreflightCheck(service: "w", requirement: .secret(reference: .env(name: "KEY")), key: "environment.K")],
            probationMs: 2500, memoryBudgetBytes: 22 << 30)
        let envelope = try PlanEnvelope(
            plan: plan, basePlanId: "sha256:ab", provenance: Provenance(tool: "t", files: [.init(path: "rc.yaml", sha256: "00")]))
        return NamedPlan(title: "x", envelope: envelope, plan: plan)
    }

    @Test func everyPartOfAServiceIsShown() throws {
        let service = Service(
            name: "w", role: .worker, argv: [.path(.rooted(.bin, "w")), "a b", .joined(["--m=", .path(.rooted(.config, "m"))])],
            environment: ["K": .secret(.env(name: "KEY")), "L": "v"], directory: .rooted(.home, "d"),
            files: [GeneratedFile(path: .rooted(.state, "c.yaml"), contents: ["a: 1\nkey: ", .secret(.file(path: .absolute("/k")))])],
            settings: ["x": ["y": 1]], secrets: ["id": .credential(name: "C")],
            sockets: [ListenSocket(name: "http", address: .tcp(host: "::1", port: 80)), ListenSocket(name: "probe", address: .private)],
            endpoint: .socket(name: "http"), dependsOn: ["v"], notifies: true,
            probes: Probes(
                startup: Probe(
                    check: .http(path: "/health", at: .socket(name: "probe")), periodMs: 250, timeoutMs: 1000, failures: 1, deadlineMs: 60_000),
                liveness: Probe(check: .exec(argv: ["t", ""]), periodMs: 1000, timeoutMs: 500, failures: 3)),
            replace: .overlap, resources: Resources(memoryBytes: 20 << 30, threads: 2), leases: true)
        let lines = PlanText(style: style).lines(try named([service]))
        for line in [
            "  made against   plan sha256:ab", "  probation      2500ms", "  memory budget  22GiB", "w (worker)",
            "  runs       {bin}/w 'a b' --m={config}/m",
            "  in         {home}/d", "  variable   K=<the variable KEY>", "  variable   L=v", "  secret     id is the credential C",
            "  writes     {state}/c.yaml", "             | a: 1", "             | key: <the file /k>", "  listens    [::1]:80 as `http`",
            "  listens    a private socket as `probe`", "  answers    its socket `http`", "  waits for  v",
            "  startup    GET /health at its socket `probe`, each 250ms, within 1s, for at most 1m",
            "  liveness   `t ''` ends with 0, each 1s, within 500ms, failed after 3 misses", "  stops      SIGTERM, and SIGKILL after 30s",
            "  replaced   overlap", "  memory     at most 20GiB", "  threads    2", "checked before an apply",
            "  w  the variable KEY is set (environment.K)", "made from", "  rc.yaml  sha256:00",
        ] {
            #expect(lines.contains(line), "\(line) is missing in\n\(lines.joined(separator: "\n"))")
        }
        #expect(lines.contains { $0.contains("w.log, exchanged at 16MiB") } && lines.contains { $0.contains("\"y\": 1") })
    }

    /// A plan may be somebody else's.
    @Test func aPlanCannotMoveTheTerminal() throws {
        let bad = "a\u{1B}]0;x\u{7}\r\n\u{9B}2J"
        let service = Service(
            name: bad, role: .worker, argv: [.text(bad)], environment: [bad: .text(bad)],
            files: [GeneratedFile(path: .absolute(bad), contents: [.text(bad)])], secrets: [bad: .env(name: bad)],
            sockets: [ListenSocket(name: bad, address: .tcp(host: bad, port: 1))], endpoint: .socket(name: bad), dependsOn: [bad])
        let text = PlanText(style: style).lines(try named([service])).joined()
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        let diff = PlanDiff(
            changes: [
                .init(
                    service: bad, action: .replace, mode: nil, causes: [.init(key: bad, old: .string(bad), new: nil, source: bad, oldSource: bad)])
            ])
        #expect(!DiffText(style: style).lines(diff).joined().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }

    @Test(arguments: [(0, "0ms"), (250, "250ms"), (60_000, "1m"), (90_000, "90s"), (7_200_000, "2h")])
    func exactTimes(milliseconds: Int, text: String) { #expect(Text.exact(milliseconds: milliseconds) == text) }

    @Test(arguments: [(0, "0B"), (1000, "1000B"), (16 << 20, "16MiB"), (3 << 29, "1536MiB")])
    func exactSizes(bytes: Int, text: String) { #expect(Text.exact(bytes: bytes) == text) }

    @Test func originsMarkWhatCounts() throws {
        let origins: JSON = [
            [
                "key": "proxy.port", "services": ["proxy"],
                "candidates": [
                    ["kind": "flag", "value": 2, "source": "--port", "counts": true],
                    ["kind": "file", "key": "port", "value": 1, "source": "rc.yaml:1:7", "counts": false],
                    ["kind": "default", "source": "default", "note": "none", "counts": false],
                ],
            ]
        ]
        #expect(
            OriginText(style: style).lines(try origins.decode()) == [
                "proxy.port  2", "  = --port               2", "  - rc.yaml:1:7, `port`  1  not used", "  - default              -  (none)  not used",
                "    made into proxy",
            ])
    }
}
