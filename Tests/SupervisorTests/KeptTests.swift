import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

/// What an apply makes of services that it does not touch: the rules at the head of `Core+Kept`.
@Suite struct KeptTests {
    private static let slow = Fixture.service("slow", notifies: true)
    private static let plain = Fixture.service("plain")
    /// Nothing changes, or another service does.
    static let others: [[Service]] = [[plain], [Fixture.service("plain", argument: "new")], [plain, Fixture.service("more", replace: .overlap)]]

    private static func settled(_ services: [Service]) -> World {
        var world = World()
        world.settle(Fixture.target(services))
        return world
    }

    private static func apply(_ services: [Service], in world: inout World, timeoutMs: Int? = nil) {
        world.begin(.init(kind: .apply, target: Fixture.target(services), fallback: Fixture.target([slow, plain]), timeoutMs: timeoutMs))
        world.endTerminated()
        world.elapse(1000)
    }

    private static func isCommitted(_ world: World) -> Bool {
        if case .committed? = world.results.last { true } else { false }
    }

    /// An apply while a boot is under way.
    @Test(arguments: others) func oneThatStillStartsIsWaitedFor(others: [Service]) {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, Self.plain)))
        #expect(world.results == [.converged] && world.state("slow") == "starting")
        Self.apply([Self.slow] + others, in: &world)
        #expect(world.isChanging, "not everything of the plan is there")
        world.notifyReady("slow")
        world.elapse(1000)
        #expect(Self.isCommitted(world) && world.warnings.isEmpty && world.runs("slow") == 1)
    }

    @Test(arguments: others) func aRestartThatIsUnderWayIsWaitedFor(others: [Service]) throws {
        var world = Self.settled([Self.slow, Self.plain])
        world.handle(.unit(try #require(world.serving("slow")), .restart))
        #expect(world.state("slow") == "stopping")
        let before = world.results.count
        world.begin(.init(kind: .apply, target: Fixture.target([Self.slow] + others), fallback: Fixture.target(Self.slow, Self.plain)))
        world.elapse(1000)
        #expect(world.results.count == before)
        world.endTerminated()
        world.elapse(1000)
        #expect(world.results.count == before && world.state("slow") == "starting")
        world.notifyReady("slow")
        world.elapse(1000)
        #expect(world.results.count == before + 1 && Self.isCommitted(world) && world.warnings.isEmpty)
    }

    @Test func oneThatWaitsForItsDependencyIsWaitedForToo() {
        let user = Fixture.service("user", dependsOn: ["slow"])
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, user)))
        Self.apply([Self.slow, user], in: &world)
        #expect(world.isChanging && world.state("user") == "waiting")
        world.notifyReady("slow")
        #expect(Self.isCommitted(world) && world.warnings.isEmpty)
    }

    /// It had given up before: it is tried again, and its failure is its own.
    @Test(arguments: others) func oneThatFailsAgainIsNamedAndChangesNothing(others: [Service]) {
        let bad = Fixture.service("slow", notifies: true, argument: "bad")
        var world = Self.settled([bad, Self.plain])
        world.failing = ["bad"]
        world.crash("slow")
        world.elapse(30_000)
        #expect(world.state("slow") == "failed")
        Self.apply([bad] + others, in: &world)
        #expect(Self.isCommitted(world), "\(world.results)")
        #expect(world.warnings.count == 1 && world.warnings[0].hasPrefix("slow is not ready (") && world.warnings[0].contains("exit 1"))
    }

    @Test(arguments: others) func oneThatRunsAndIsNotReadyIsNamedAtOnce(others: [Service]) throws {
        let probed = Fixture.service("slow", readiness: true)
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(probed, Self.plain)))
        let unit = try #require(world.serving("slow"))
        world.handle(.unit(unit, .probed(run: 1, .readiness, .passed, leased: false)))
        for _ in 0..<2 { world.handle(.unit(unit, .probed(run: 1, .readiness, .failed(reason: "loading", timedOut: false), leased: false))) }
        #expect(world.state("slow") == "unready")
        Self.apply([probed] + others, in: &world)
        #expect(Self.isCommitted(world))
        #expect(world.warnings == ["slow is not ready (unready: readiness probe: loading)"])
    }

    /// Its start deadline ends the wait, and the apply's patience is longer.
    @Test(arguments: others) func oneThatNeverBecomesReadyIsNamed(others: [Service]) {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, Self.plain)))
        Self.apply([Self.slow] + others, in: &world)
        for _ in 0..<10 where world.isChanging {
            world.elapse(ServiceMachine.defaultStartDeadlineMs)
            world.endTerminated()
        }
        #expect(Self.isCommitted(world), "\(world.results)")
        #expect(world.warnings.count == 1 && world.warnings[0].hasPrefix("slow is not ready ("))
    }

    @Test(arguments: others) func theCallersDeadlineEndsTheWaitAndNotTheApply(others: [Service]) {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, Self.plain)))
        Self.apply([Self.slow] + others, in: &world, timeoutMs: 500)
        world.elapse(1000)
        #expect(Self.isCommitted(world), "\(world.results)")
        #expect(world.warnings == ["slow is not ready (starting)"])
    }

    /// What this apply starts is judged as ever while it waits for another.
    @Test func whatChangedFailsTheApplyWhileItWaits() {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, Self.plain)))
        world.failing = ["bad"]
        Self.apply([Self.slow, Fixture.service("plain", notifies: true, argument: "bad")], in: &world)
        world.endTerminated()
        guard case .rolledBack(_, "plain", _)? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        #expect(world.state("slow") == "starting" && world.runs("slow") == 1)
    }

    /// One that was ready and ends while others are waited for must be there again before anything is watched or committed.
    @Test func whatChangedIsLookedAtAgainAfterTheWait() throws {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(Self.slow, Self.plain)))
        Self.apply([Self.slow, Fixture.service("plain", notifies: true, argument: "new")], in: &world)
        world.notifyReady("plain")
        world.crash("plain")
        world.notifyReady("slow")
        world.elapse(1000)
        #expect(world.isChanging && world.state("plain") == "starting")
        world.notifyReady("plain")
        world.elapse(1000)
        #expect(Self.isCommitted(world) && world.warnings.isEmpty)
    }

    @Test func oneThatNobodyNeedsIsThere() {
        let demanded = Fixture.service("slow", notifies: true, idle: IdlePolicy())
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(demanded, Self.plain)))
        #expect(world.state("slow") == "idle")
        Self.apply([demanded, Self.plain], in: &world)
        #expect(Self.isCommitted(world) && world.warnings.isEmpty)
    }
}
