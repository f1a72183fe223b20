import JSON
import LaunchPlan
import Testing

private func sample(port: Int = 1, instance: String = "default") -> LaunchPlan {
    LaunchPlan(
        instance: instance,
        services: [
            Service(name: "worker", role: .worker, argv: ["w", .path(.rooted(.config, "m")), .joined(["--port=", .text(String(port))])]),
            Service(
                name: "proxy", role: .proxy, argv: [.path(.rooted(.bin, "p"))], environment: ["K": .secret(.env(name: "KEY"))],
                sockets: [ListenSocket(name: "http", address: .tcp(host: "127.0.0.1", port: 8788)), ListenSocket(name: "probe", address: .private)],
                endpoint: .socket(name: "http"), replace: .overlap),
        ], preflight: [PreflightCheck(service: "proxy", requirement: .listener(host: "127.0.0.1", port: 8788), key: "proxy.port")], probationMs: 2000)
}

private func provenance(_ port: Int, _ line: Int) -> Provenance {
    Provenance(tool: "t", inputs: ["worker": [.init(key: "port", value: .integer(port), source: "f:\(line):1")]])
}

@Suite struct LaunchPlanTests {
    @Test func aPlanIsReadAsItWasWritten() throws {
        let plan = sample()
        #expect(try plan.json().decode(LaunchPlan.self) == plan)
        #expect(try JSON(parsing: plan.json().canonicalBytes).decode(LaunchPlan.self) == plan)
        #expect(plan.services.map(\.name) == ["proxy", "worker"])
    }

    @Test func theIdIsOfTheMeaning() throws {
        #expect(try sample().id() == sample().id())
        #expect(try sample().id() != sample(port: 2).id())
        #expect(try sample().id() != sample(instance: "x").id())
        #expect(try sample().id().hasPrefix("sha256:") && sample().id().count == 71)
        guard case .object(let body) = try sample().json() else { throw NoObject() }
        #expect(LaunchPlan.id(of: .object(JSONObject(body.members.reversed()))) == (try sample().id()))
        // The domains differ, so that a plan and a service of equal bytes never share an address.
        let service = try #require(sample().service(named: "worker"))
        #expect(try LaunchPlan.id(of: JSON(encoding: service)) != service.digest())
    }

    @Test func aChangedPlanFileIsRefused() throws {
        var envelope = try PlanEnvelope(plan: sample(), basePlanId: nil, provenance: provenance(1, 1))
        #expect(try envelope.verified() == sample())
        let copy: PlanEnvelope = try JSON(parsing: JSON(encoding: envelope).bytes).decode()
        #expect(try copy.verified() == sample())
        envelope.plan = try sample(port: 2).json()
        #expect(throws: PlanEnvelope.Refusal.self) { try envelope.verified() }
    }

    private struct NoObject: Error {}

    private func envelope(of body: JSON) throws -> PlanEnvelope {
        var envelope = try PlanEnvelope(plan: sample(), basePlanId: nil, provenance: provenance(1, 1))
        envelope.plan = body
        envelope.planId = LaunchPlan.id(of: body)
        return envelope
    }

    @Test func plansOfTheFutureAreReadOrRefused() throws {
        guard case .object(var body) = try sample().json() else { throw NoObject() }
        body["addition"] = ["x": 1]
        body["format_version"] = "1.7"
        #expect(try envelope(of: .object(body)).verified().instance == "default")
        body["required_features"] = ["time-travel"]
        #expect(throws: PlanEnvelope.Refusal.unknownFeatures(["time-travel"])) { try envelope(of: .object(body)).verified() }
        body["format_version"] = "2.0"
        #expect(throws: PlanEnvelope.Refusal.unknownFormat("anyclaude.plan 2.0")) { try envelope(of: .object(body)).verified() }
        #expect(throws: PlanEnvelope.Refusal.self) { try envelope(of: ["format": "x"]).verified() }
    }

    @Test func theDiffSaysWhatAndWhy() throws {
        let diff = try PlanDiff.between((sample(), provenance(1, 3)), (sample(port: 2), provenance(2, 4)))
        #expect(diff.changes.map(\.action) == [.unchanged, .replace])
        #expect(diff.changes[1].mode == .stopFirst)
        #expect(diff.changes[1].causes.map(\.key) == ["port"])
        #expect(diff.changes[1].causes.first?.source == "f:4:1")
        #expect(try PlanDiff.between((sample(), provenance(1, 3)), (sample(), provenance(1, 3))).isEmpty)
        #expect(try PlanDiff.between(nil, (sample(), provenance(1, 3))).changes.allSatisfy { $0.action == .create })
        var smaller = sample()
        smaller.services.removeAll { $0.name == "worker" }
        #expect(try PlanDiff.between((sample(), provenance(1, 3)), (smaller, Provenance(tool: "t"))).changes[1].action == .stop)
    }

    private enum NoSecret: Error { case asked }

    @Test func valuesAreResolvedOnce() throws {
        let value = PlanValue.joined(["a=", .path(.rooted(.state, "x")), ":", .secret(.env(name: "K"))])
        #expect(try value.resolved([.state: "/s"]) { (_: SecretReference) throws(NoSecret) in "v" } == "a=/s/x:v")
        #expect(value.secrets == [.env(name: "K")])
        #expect(throws: PlanPath.UnboundRoot.self) { try PlanPath.rooted(.home, "x").resolved([:]) }
        #expect(try PlanPath.rooted(.home, "").resolved([.home: "/h"]) == "/h")
        #expect(try JSON(encoding: value).decode(PlanValue.self) == value)
        #expect(Provenance.File(path: "f", contents: []).sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
