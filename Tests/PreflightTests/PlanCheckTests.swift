import Host
import HostFixtures
import LaunchPlan
import Testing

@testable import Preflight

@Suite struct PlanCheckTests {
    @Test func preconditions() throws {
        let current = Staleness.Current(
            Generation(
                number: 3, planId: "sha256:a", standing: .good, bindings: ["config": "/one"], precondition: .init(basePlanId: nil),
                provenance: Provenance(tool: "t"), created: "", user: "", command: ""))
        try Staleness.check(base: nil, folder: "/one", current: nil, replace: false)
        try Staleness.check(base: "sha256:a", folder: "/one", current: current, replace: false)
        try Staleness.check(base: nil, folder: "/two", current: current, replace: true)
        for (base, folder) in [(nil, "/one"), ("sha256:b", "/one"), ("sha256:a", "/two")] as [(String?, String)] {
            let error = #expect(throws: OperationError.self) {
                try Staleness.check(base: base, folder: folder, current: current, replace: false)
            }
            #expect(error?.exitCode == 3)
        }
    }

    @Test func plansThatCannotBeCarriedOut() {
        func problem(_ services: Service...) -> String? { PlanCheck.problem(LaunchPlan(instance: "default", services: services, probationMs: 0)) }
        #expect(problem(Fixture.service("a"), Fixture.service("b", dependsOn: ["a"])) == nil)
        #expect(problem(Fixture.service("a"), Fixture.service("a"))?.contains("same name") == true)
        #expect(problem(Fixture.service("a", dependsOn: ["b"]), Fixture.service("b", dependsOn: ["a"]))?.contains("wait for each other") == true)
        #expect(problem(Fixture.service("a", dependsOn: ["z"]))?.contains("not in the plan") == true)
        #expect(problem(Fixture.service("../a"))?.contains("not a service name") == true)
        var leaking = Fixture.service("a")
        leaking.argv.append(.secret(.env(name: "KEY")))
        #expect(problem(leaking)?.contains("arguments") == true)
        var shared = [Fixture.service("a"), Fixture.service("b")]
        shared[1].logs.file = "a.log"
        #expect(problem(shared[0], shared[1])?.contains("a.log") == true, "one file would have two writers")
        shared[0].logs.file = "other.log"
        #expect(problem(shared[0], shared[1]) == nil)
    }

    @Test func servicesOnDemandMustFindRoomAndTakeNobodyWithThem() {
        func problem(_ services: Service..., budget: Int? = 10) -> String? {
            PlanCheck.problem(LaunchPlan(instance: "default", services: services, probationMs: 0, memoryBudgetBytes: budget))
        }
        let a = Fixture.service("a", memory: 6, idle: IdlePolicy())
        #expect(problem(a, Fixture.service("b", memory: 6, idle: IdlePolicy()), Fixture.service("p", memory: 4)) == nil)
        #expect(problem(a, Fixture.service("p", memory: 5))?.contains("never fits") == true)
        #expect(problem(Fixture.service("a", idle: IdlePolicy()))?.contains("how much memory") == true)
        #expect(problem(Fixture.service("a", idle: IdlePolicy()), budget: nil) == nil)
        #expect(problem(a, Fixture.service("b", dependsOn: ["a"]))?.contains("on demand") == true)
        #expect(problem(Fixture.service("a", replace: .overlap, memory: 1, idle: IdlePolicy()))?.contains("overlap") == true)
        #expect(problem(Fixture.service("a", leases: true, memory: 1, idle: IdlePolicy()))?.contains("cannot ask") == true)
        #expect(LaunchPlan(instance: "default", services: [a], probationMs: 0).requiredFeatures == [LaunchPlan.onDemand])
        #expect(PlanLimits.problem(Fixture.service(idle: IdlePolicy(stopAfterMs: 0)))?.contains("idle.stop_after_ms") == true)
    }

    @Test func numbersThatNobodyCanCalculateWithAreRefused() {
        func problem(_ change: (inout Service) -> Void) -> String? {
            var service = Fixture.service(readiness: true)
            change(&service)
            return PlanCheck.problem(LaunchPlan(instance: "default", services: [service], probationMs: 0))
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.stop.timeoutMs = .max }?.contains("worker: `stop.timeout_ms`") == true)
        #expect(problem { $0.restart.withinMs = -1 }?.contains("restart.within_ms") == true)
        #expect(problem { $0.probes.readiness?.periodMs = 0 }?.contains("probes.readiness.period_ms") == true)
        #expect(problem { $0.resources.memoryBytes = .max }?.contains("resources.memory_bytes") == true)
        #expect(PlanCheck.problem(LaunchPlan(instance: "default", services: [], probationMs: .max))?.contains("probation_ms") == true)
    }
}
