import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

/// Services that run on demand, under one memory budget.
@Suite struct RoomTests {
    private static func worker(_ name: String, memory: Int = 6, stopAfterMs: Int? = 60_000, argument: String = "a") -> Service {
        Fixture.service(name, notifies: true, argument: argument, memory: memory, idle: IdlePolicy(stopAfterMs: stopAfterMs))
    }

    /// Applied and committed, and nobody has come yet. Starts take `start` each.
    private static func world(_ services: Service..., budget: Int? = 10) -> World {
        var world = World()
        world.begin(.init(kind: .boot, target: Fixture.target(services, budget: budget)))
        return world
    }

    private func use(_ world: inout World, _ name: String, held: Int = 0, waiting: Int = 0) {
        world.handle(.demand(service: name, held: held, waiting: waiting))
    }

    /// As the shell does: who waits is answered as soon as the service is ready.
    private func start(_ world: inout World, _ name: String, in milliseconds: Int = 1000) {
        world.elapse(milliseconds)
        world.notifyReady(name)
        use(&world, name, held: 1)
    }

    @Test func aStartOfTheStackStartsNothingThatNobodyNeeds() {
        var world = Self.world(Self.worker("a"), Fixture.service("p"))
        #expect(world.state("a") == "idle" && world.state("p") == "ready")
        #expect(world.results == [.converged])
        use(&world, "a", waiting: 1)
        #expect(world.state("a") == "starting")
    }

    @Test func whatIsUnusedLongEnoughEnds() {
        var world = Self.world(Self.worker("a"))
        use(&world, "a", waiting: 1)
        start(&world, "a")
        world.elapse(600_000)
        #expect(world.state("a") == "ready", "a request may take long")
        use(&world, "a")
        world.elapse(59_999)
        #expect(world.state("a") == "ready")
        world.elapse(1)
        #expect(world.state("a") == "stopping")
        world.endTerminated()
        #expect(world.state("a") == "idle" && world.core.units.count == 1)
        use(&world, "a", waiting: 1)
        #expect(world.runs("a") == 2)
    }

    @Test func aClientThatComesWhileItEndsIsServedAfterwards() {
        var world = Self.world(Self.worker("a"))
        use(&world, "a", waiting: 1)
        start(&world, "a")
        use(&world, "a")
        world.elapse(60_000)
        use(&world, "a", waiting: 1)
        #expect(world.state("a") == "stopping")
        world.endTerminated()
        #expect(world.state("a") == "starting")
    }

    @Test func theLeastRecentlyUsedMakesRoom() {
        var world = Self.world(Self.worker("a", memory: 4), Self.worker("b", memory: 4), Self.worker("c", memory: 4))
        for name in ["a", "b"] {
            use(&world, name, waiting: 1)
            start(&world, name)
            use(&world, name)
        }
        world.elapse(5000)
        use(&world, "a", held: 1)
        use(&world, "a")
        world.elapse(5000)
        use(&world, "c", waiting: 1)
        #expect(world.state("b") == "stopping" && world.state("a") == "ready" && world.state("c") == "idle")
        world.endTerminated()
        #expect(world.state("c") == "starting" && world.state("a") == "ready")
        #expect(world.violations == [])
    }

    /// One of those who are to make room is used, and for the other somebody only waits: both are closed, and stay so. They were opened and
    /// closed in turns once, without end.
    @Test func whoWaitsForAClosedServiceDoesNotOpenIt() {
        var world = Self.world(Self.worker("a", memory: 4), Self.worker("b", memory: 4), Self.worker("c", memory: 10))
        use(&world, "a", waiting: 1)
        start(&world, "a")
        use(&world, "b", waiting: 1)
        world.elapse(1000)
        world.notifyReady("b")
        world.elapse(30_000)
        use(&world, "c", waiting: 1)
        #expect(world.core.closed == ["a", "b"])
        use(&world, "a")
        world.endTerminated()
        // Nobody was told where b is: who waited for it came first, and is first.
        #expect(world.runs("a") == 1 && world.runs("b") == 2 && world.state("b") == "starting")
        #expect(world.violations == [])
    }

    @Test func noMoreMakeRoomThanItTakes() {
        var world = Self.world(Self.worker("a", memory: 3), Self.worker("b", memory: 3), Self.worker("c", memory: 3), Self.worker("d", memory: 4))
        for name in ["a", "b", "c"] {
            use(&world, name, waiting: 1)
            start(&world, name)
            use(&world, name)
        }
        world.elapse(10_000)
        use(&world, "d", waiting: 1)
        #expect(world.terminated.count == 1 && world.state("a") == "stopping")
        world.elapse(100)
        #expect(world.terminated.count == 1, "what ends is not made to end again")
    }

    @Test func whatIsInUseAnswersWhatItHasBegunAndTakesNobodyElse() {
        var world = Self.world(Self.worker("a"), Self.worker("b"))
        use(&world, "a", waiting: 1)
        start(&world, "a", in: 1000)
        use(&world, "b", waiting: 1)
        #expect(world.core.closed.isEmpty, "it has just come")
        world.elapse(999)
        #expect(world.core.closed.isEmpty)
        world.elapse(1)
        #expect(world.core.closed == ["a"] && world.state("a") == "ready")
        // One more comes, and waits behind.
        use(&world, "a", held: 1, waiting: 1)
        #expect(world.state("a") == "ready")
        use(&world, "a", waiting: 1)
        #expect(world.state("a") == "stopping" && world.state("b") == "idle")
        world.endTerminated()
        #expect(world.state("b") == "starting" && world.state("a") == "idle")
        start(&world, "b", in: 1000)
        use(&world, "b")
        #expect(world.state("b") == "ready", "it stays for as long as its start took")
        world.elapse(1000)
        #expect(world.state("b") == "stopping")
        world.endTerminated()
        #expect(world.state("a") == "starting")
        #expect(world.violations == [])
    }

    @Test func whoGivesUpWaitingOpensWhatWasClosed() {
        var world = Self.world(Self.worker("a"), Self.worker("b"))
        use(&world, "a", waiting: 1)
        start(&world, "a")
        use(&world, "b", waiting: 1)
        world.elapse(1000)
        #expect(world.core.closed == ["a"])
        use(&world, "b")
        #expect(world.core.closed.isEmpty && world.admitted == ["a"])
    }

    /// A client each, who asks again as soon as it is answered.
    @Test func atMostHalfOfTheTimeGoesIntoStarts() {
        var world = Self.world(Self.worker("a"), Self.worker("b"), Self.worker("c"))
        let names = ["a", "b", "c"]
        var answered: [String: Int] = [:]
        for name in names { use(&world, name, waiting: 1) }
        for _ in 0..<2000 {
            for name in names {
                if world.state(name) == "starting" {
                    world.elapse(1000)
                    world.notifyReady(name)
                }
                if world.state(name) == "ready", !world.core.closed.contains(name) {
                    use(&world, name, held: 1)
                    world.elapse(100)
                    answered[name, default: 0] += 1
                    use(&world, name)
                    use(&world, name, waiting: 1)
                }
            }
            world.elapse(10)
            world.endTerminated()
        }
        let starts = names.map { world.runs($0) }.reduce(0, +)
        #expect(starts * 1000 <= world.now / 2 + 1000, "\(starts) starts in \(world.now) ms")
        let counts = names.map { answered[$0] ?? 0 }
        #expect(counts.allSatisfy { $0 > 100 }, "\(counts)")
        #expect((counts.max() ?? 0) < 2 * (counts.min() ?? 0), "\(counts)")
        #expect(world.violations == [])
    }

    @Test func anApplyTriesEachOfThemOnceAndOneAfterTheOther() {
        var world = World()
        let target = Fixture.target([Self.worker("a"), Self.worker("b"), Fixture.service("p", memory: 2)], budget: 10)
        world.begin(.init(kind: .apply, target: target))
        #expect(world.state("a") == "starting" && world.state("b") == "idle")
        world.elapse(1000)
        world.notifyReady("a")
        #expect(world.state("a") == "stopping", "nobody has come to it")
        world.endTerminated()
        world.elapse(1000)
        world.notifyReady("b")
        world.elapse(1000)
        #expect(world.results == [.committed(gapsMs: [:])])
        #expect(world.state("a") == "idle" && world.state("b") == "ready")
        #expect(world.violations == [])
    }

    @Test func oneThatFailsItsTrialRollsBackAndTheOthersComeBackOnDemand() {
        var world = World()
        let good = Fixture.target([Self.worker("a")], budget: 10)
        world.settle(good)
        world.failing = ["bad"]
        let bad = Fixture.target([Self.worker("a"), Self.worker("b", argument: "bad")], budget: 10)
        world.begin(.init(kind: .apply, target: bad, fallback: good))
        world.endTerminated()
        for _ in 0..<10 {
            world.elapse(10_000)
            world.endTerminated()
        }
        guard case .rolledBack(_, "b", _)? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        #expect(world.core.units.values.map(\.name) == ["a"])
        use(&world, "a", waiting: 1)
        #expect(["starting", "ready"].contains(world.state("a")))
    }

    /// Of a service that always runs.
    @Test func aChangeThatNeedsRoomGetsIt() {
        var world = World()
        world.settle(Fixture.target([Self.worker("a", memory: 6), Fixture.service("p", memory: 2)], budget: 10))
        use(&world, "a", held: 1)
        world.elapse(10_000)
        let more = Fixture.target([Self.worker("a", memory: 6), Fixture.service("p", memory: 2), Fixture.service("q", memory: 4)], budget: 12)
        world.begin(.init(kind: .apply, target: more))
        #expect(world.state("q") == "ready", "12 are enough for all")
        world.elapse(2000)
        let larger = Fixture.target([Self.worker("a", memory: 6), Fixture.service("p", memory: 2), Fixture.service("r", memory: 5)], budget: 12)
        world.begin(.init(kind: .apply, target: larger))
        world.endTerminated()
        #expect(world.core.closed == ["a"] && world.liveCount("r") == 0)
        use(&world, "a")
        world.endTerminated()
        #expect(world.state("r") == "ready")
        #expect(world.violations == [])
    }

    @Test func whatFailedIsTriedAgainOnlyWhenSomebodyComes() {
        var world = Self.world(Self.worker("a", argument: "bad"))
        world.failing = ["bad"]
        use(&world, "a", waiting: 1)
        world.elapse(60_000)
        #expect(world.state("a") == "failed")
        use(&world, "a")
        let runs = world.runs("a")
        world.elapse(1_000_000)
        #expect(world.state("a") == "idle" && world.runs("a") == runs)
        use(&world, "a", waiting: 1)
        #expect(world.runs("a") > runs)
    }

    @Test func downEndsThemToo() {
        var world = Self.world(Self.worker("a"), Self.worker("b"))
        use(&world, "a", waiting: 1)
        start(&world, "a")
        use(&world, "b", waiting: 1)
        world.begin(.init(kind: .down, target: .nothing))
        world.endTerminated()
        #expect(world.core.units.isEmpty && world.results.last == .stopped)
    }
}
