import JSON
import LaunchPlan
import Testing

@testable import anyclaude

struct DiffTextTests {
    private func plan(port: Int, replace: ReplaceMode, extra: Bool = false) -> (plan: LaunchPlan, provenance: Provenance) {
        let endpoint = ListenSocket(name: "http", address: .tcp(host: "127.0.0.1", port: port))
        var services = [
            Service(name: "proxy", role: .proxy, argv: ["anyclaude-proxy"]),
            Service(name: "worker", role: .worker, argv: ["serve"], sockets: [endpoint], replace: replace),
        ]
        if extra { services.append(Service(name: "small", role: .worker, argv: ["serve"])) }
        var inputs: [String: [Provenance.Input]] = ["worker": [.init(key: "backends.worker.port", value: .integer(port), source: "rc.yaml:7:11")]]
        if extra {
            inputs["small"] = [
                .init(key: "backends.small.model", value: "m", source: "rc.yaml:9:12"),
                .init(key: "backends.small.port", value: 1, source: "default"),
            ]
        }
        let provenance = Provenance(tool: "t", inputs: inputs)
        return (LaunchPlan(instance: "default", services: services, probationMs: 0), provenance)
    }

    private let text = DiffText(style: Style(isColored: false))

    @Test func everyKindOfChange() throws {
        let diff = try PlanDiff.between(plan(port: 8081, replace: .overlap), plan(port: 8082, replace: .overlap, extra: true))
        #expect(
            text.lines(diff) == [
                "  proxy  unchanged",
                "+ small  start",
                "    backends.small.model  m  (rc.yaml:9:12)",
                "~ worker  replace  overlap: the old one serves until the new one is ready",
                "    backends.worker.port  8081 -> 8082  (rc.yaml:7:11)",
            ])
        #expect(text.summary(diff) == "1 to start, 1 to replace, 1 unchanged")
    }

    @Test func aGapIsAnnounced() throws {
        let diff = try PlanDiff.between(plan(port: 8081, replace: .stopFirst, extra: true), plan(port: 8082, replace: .stopFirst))
        #expect(text.lines(diff).contains("~ worker  replace  stop-first: does not serve until the new one is ready"))
        #expect(
            text.lines(diff).prefix(3) == [
                "  proxy  unchanged", "- small  stop", "    backends.small.model  m -> (none)  (removed; was rc.yaml:9:12)",
            ])
    }

    @Test func aLineThatIsGoneIsNamed() throws {
        var old = plan(port: 8081, replace: .overlap)
        old.provenance.whole = [.init(key: "probation", value: "5s", source: "rc.yaml:2:12")]
        var new = plan(port: 8788, replace: .overlap)
        new.provenance.inputs["worker"] = [.init(key: "backends.worker.port", value: 8788, source: "default")]
        new.provenance.whole = [.init(key: "probation", value: "2s", source: "default")]
        new.plan.probationMs = 2000
        #expect(
            text.lines(try PlanDiff.between(old, new)) == [
                "  proxy  unchanged", "~ worker  replace  overlap: the old one serves until the new one is ready",
                "    backends.worker.port  8081 -> 8788  (default; was rc.yaml:7:11)", "~ the plan  without a service being touched",
                "    probation  5s -> 2s  (default; was rc.yaml:2:12)",
            ])
    }

    /// What is checked before an apply follows from what changed; it is news only where nothing else is.
    @Test func checksThatFollowAreNotRepeated() throws {
        let old = plan(port: 8081, replace: .overlap)
        var new = plan(port: 8082, replace: .overlap)
        new.plan.preflight = [PreflightCheck(service: "worker", requirement: .listener(host: "127.0.0.1", port: 8082), key: "port")]
        #expect(try text.lines(PlanDiff.between(old, new)).count == 3)
        var same = old
        same.plan.preflight = new.plan.preflight
        let lines = text.lines(try PlanDiff.between(old, same))
        #expect(
            lines.dropLast().last == "~ the plan  without a service being touched" && lines.last?.hasPrefix("    preflight[0]  (none) -> {") == true)
    }

    @Test func aChangeWithoutACauseSaysSo() throws {
        var new = plan(port: 8081, replace: .overlap)
        new.plan.services[0].argv = ["other"]
        let diff = try PlanDiff.between(plan(port: 8081, replace: .overlap), new)
        #expect(text.lines(diff)[1].contains("another version of anyclaude"))
        #expect(text.lines(diff)[2] == "    argv[0]  anyclaude-proxy -> other")
    }
}
