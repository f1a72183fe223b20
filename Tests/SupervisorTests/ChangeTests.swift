import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

@Suite struct ChangeTests {
    @Test func firstApplyStartsInDependencyOrderAndCommits() {
        var world = World()
        let target = Fixture.target(Fixture.service("a", dependsOn: ["b"]), Fixture.service("b", notifies: true))
        world.begin(.init(kind: .apply, target: target))
        #expect(world.state("a") == "waiting" && world.state("b") == "starting")
        world.notifyReady("b")
        #expect(world.state("a") == "ready")
        world.elapse(1000)
        #expect(world.results == [.committed(gapsMs: [:])])
    }

    @Test func onlyWhatChangedIsTouched() {
        var world = World()
        world.settle(Fixture.target(Fixture.service("a"), Fixture.service("b")))
        let before = world.runs("a")
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("a"), Fixture.service("b", argument: "new"))))
        world.endTerminated()
        world.elapse(1000)
        #expect(world.runs("a") == before)
        #expect(world.results.last == .committed(gapsMs: ["b": 0]))
    }

    @Test func overlapKeepsTheOldOneUntilTheNewOneIsReady() {
        var world = World()
        world.settle(Fixture.target(Fixture.service("p", replace: .overlap, notifies: true)))
        let old = world.serving("p")
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("p", replace: .overlap, notifies: true, argument: "new"))))
        #expect(world.serving("p") == old && world.liveCount("p") == 2)
        world.notifyReady("p")
        #expect(world.serving("p") != old)
        #expect(world.terminated.contains(old ?? -1))
        world.endTerminated()
        world.elapse(1000)
        #expect(world.results.last == .committed(gapsMs: [:]))
    }

    // MARK: leaving

    private static let worker = Fixture.service("w", endpointPort: 8081)
    private static let proxy = Fixture.service("p", replace: .overlap, leases: true)

    @Test func aWorkerThatIsTakenAwayLeavesWhenNobodyUsesIt() {
        var world = World()
        world.settle(Fixture.target(Self.worker, Self.proxy))
        let unit = world.serving("w") ?? -1
        world.settle(Fixture.target(Self.proxy))
        #expect(world.results.last == .committed(gapsMs: [:]))
        #expect(world.serving("w") == nil && world.liveCount("w") == 1 && !world.terminated.contains(unit))
        world.handle(.unused(service: "w"))
        #expect(world.terminated.contains(unit))
        world.endTerminated()
        #expect(world.core.units[unit] == nil)
    }

    @Test func aWorkerThatIsUsedForTooLongLeavesAllTheSame() {
        var world = World()
        world.settle(Fixture.target(Self.worker, Self.proxy))
        world.settle(Fixture.target(Self.proxy))
        world.elapse(2_000_000)
        world.endTerminated()
        #expect(world.liveCount("w") == 0)
    }

    @Test func oneThatIsWantedAgainMeanwhileSimplyStays() {
        var world = World()
        let both = Fixture.target(Self.worker, Self.proxy)
        world.settle(both)
        let unit = world.serving("w")
        for _ in 0..<3 {
            world.settle(Fixture.target(Self.proxy))
            #expect(world.serving("w") == nil)
            world.settle(both)
            #expect(world.serving("w") == unit && world.runs("w") == 1)
        }
        world.handle(.unused(service: "w"))
        world.elapse(2_000_000)
        #expect(world.liveCount("w") == 1 && world.terminated.isEmpty)
    }

    @Test func whosePlaceIsNeededEndsAtOnce() {
        var world = World()
        world.settle(Fixture.target(Self.worker, Self.proxy))
        let unit = world.serving("w") ?? -1
        world.settle(Fixture.target(Self.proxy))
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("v", endpointPort: 8081), Self.proxy)))
        #expect(world.terminated.contains(unit) && world.liveCount("v") == 0, "one port")
        world.endTerminated()
        #expect(world.liveCount("v") == 1)
    }

    @Test func aLeaverThatDiesDoesNotComeBack() {
        var world = World()
        world.settle(Fixture.target(Self.worker, Self.proxy))
        let unit = world.serving("w") ?? -1
        world.settle(Fixture.target(Self.proxy))
        world.end(unit, .exited(1))
        world.elapse(100_000)
        world.endTerminated()
        #expect(world.liveCount("w") == 0 && world.runs("w") <= 2 && world.core.units[unit] == nil)
    }

    @Test func aProxyWithASuccessorHasTimeAndADownTakesIt() {
        var world = World()
        world.settle(Fixture.target(Self.proxy))
        let old = world.serving("p") ?? -1
        world.settle(Fixture.target(Fixture.service("p", replace: .overlap, leases: true, argument: "new")))
        #expect(world.terminated.contains(old))
        world.elapse(600_000)
        #expect(world.liveCount("p") == 2, "it still answers what it has begun")
        world.begin(.init(kind: .down, target: .nothing))
        world.elapse(60_000)
        #expect(world.liveCount("p") == 0 && world.core.units.isEmpty)
    }

    @Test func overlapServiceIsNotTouchedWhileAWorkerFails() {
        var world = World()
        let proxy = Fixture.service("p", replace: .overlap)
        let good = Fixture.target(proxy, Fixture.service("w"))
        world.settle(good)
        let old = world.serving("p")
        world.failing = ["bad"]
        let bad = Fixture.target(Fixture.service("p", replace: .overlap, argument: "new"), Fixture.service("w", notifies: true, argument: "bad"))
        world.begin(.init(kind: .apply, target: bad, fallback: good))
        world.endTerminated()
        #expect(world.serving("p") == old)
        #expect(world.liveCount("p") == 1)
        world.elapse(100_000)
        guard case .rolledBack(let reason, let culprit, let gaps)? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        #expect(culprit == "w" && reason.contains("w:"))
        #expect(gaps["w"] != nil, "the gap of a stop-first service is reported")
        #expect(world.state("w") == "ready")
        #expect(world.serving("p") == old)
    }

    @Test func failureOnProbationRollsBack() {
        var world = World()
        let good = Fixture.target(Fixture.service("w"))
        world.settle(good)
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("w", argument: "new")), fallback: good))
        world.endTerminated()
        #expect(world.core.change?.stage == .probation)
        world.crash("w")
        world.endTerminated()
        guard case .rolledBack(let reason, _, _)? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        #expect(reason.contains("probation"))
        #expect(world.state("w") == "ready")
    }

    @Test(arguments: [(3, 0, true), (2, 2, true), (3, 1, false), (4, 3, false), (1, 50, true)])
    func requestsThatFailOnProbationRollBack(failed: Int, answered: Int, isGood: Bool) {
        var world = World()
        let good = Fixture.target(Fixture.service("w"), Fixture.service("v"))
        world.settle(good)
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("w", argument: "new"), Fixture.service("v")), fallback: good))
        world.endTerminated()
        // What did not change is not judged.
        for _ in 0..<10 { world.handle(.answered(service: "v", failed: true)) }
        for _ in 0..<answered { world.handle(.answered(service: "w", failed: false)) }
        for _ in 0..<failed { world.handle(.answered(service: "w", failed: true)) }
        world.endTerminated()
        world.elapse(1000)
        switch world.results.last {
        case .committed: #expect(isGood)
        case .rolledBack(let reason, let culprit, _): #expect(!isGood && culprit == "w" && reason.contains("of \(failed + answered) requests"))
        default: Issue.record("\(world.results)")
        }
    }

    @Test func firstApplyThatFailsLeavesNothing() {
        var world = World()
        world.failing = ["bad"]
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("x"), Fixture.service("w", argument: "bad"))))
        world.endTerminated()
        guard case .rolledBack? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        world.endTerminated()
        #expect(world.core.units.isEmpty)
    }

    @Test func aServiceThatLeavesItsPortIsStoppedFirst() {
        var world = World()
        world.settle(Fixture.target(Fixture.service("old", endpointPort: 8081)))
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("new", endpointPort: 8081))))
        #expect(world.liveCount("new") == 0, "the port is still taken")
        world.endTerminated()
        #expect(world.state("new") == "ready")
    }

    @Test func aServiceThatIsNotInTheWayStaysUntilTheCommit() {
        var world = World()
        world.settle(Fixture.target(Fixture.service("old", endpointPort: 8081)))
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("new", notifies: true, endpointPort: 8082))))
        #expect(world.state("old") == "ready")
        world.notifyReady("new")
        #expect(world.serving("old") != nil)
        world.elapse(1000)
        #expect(world.serving("old") == nil)
        world.handle(.unused(service: "old"))
        #expect(world.state("old") == "stopping")
    }

    @Test func downStopsUsersFirst() {
        var world = World()
        world.settle(Fixture.target(Fixture.service("p", leases: true), Fixture.service("w", endpointPort: 8081)))
        world.begin(.init(kind: .down, target: .nothing))
        #expect(world.state("p") == "stopping" && world.state("w") == "ready")
        world.endTerminated()
        #expect(world.results.last == .stopped)
        #expect(world.core.units.isEmpty)
    }

    @Test func deadlineOfTheCallerRollsBack() {
        var world = World()
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("w", notifies: true)), timeoutMs: 500))
        world.elapse(500)
        world.endTerminated()
        guard case .rolledBack(_, let culprit, _)? = world.results.last else {
            Issue.record("\(world.results)")
            return
        }
        #expect(culprit == "w")
    }

    /// A port that a successor binds by itself must be free when it starts, and must not seem to answer before it does.
    @Test func theListenerOfAnOldInstanceIsGivenUpBeforeOneThatDoesNotWantItStarts() throws {
        var world = World()
        var old = Fixture.service("w")
        old.sockets = [ListenSocket(name: "http", address: .tcp(host: "127.0.0.1", port: 8081))]
        world.settle(Fixture.target(old))
        world.begin(.init(kind: .apply, target: Fixture.target(Fixture.service("w", argument: "new")), fallback: Fixture.target(old)))
        #expect(world.core.servicesWithListeners.contains { !$0.sockets.isEmpty }, "it still drains")
        world.endTerminated()
        #expect(world.state("w") == "ready" && world.core.change != nil)
        #expect(!world.core.servicesWithListeners.contains { !$0.sockets.isEmpty })
    }
}
