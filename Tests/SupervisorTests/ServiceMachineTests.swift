import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

@Suite struct ServiceMachineTests {
    /// A way through the table: events, and the state after each.
    private func follow(_ machine: inout ServiceMachine, _ steps: [(ServiceEvent, String)], at location: SourceLocation = #_sourceLocation) {
        for (index, step) in steps.enumerated() {
            _ = machine.handle(step.0, now: index * 10)
            #expect(machine.state.rawValue == step.1, "after \(step.0)", sourceLocation: location)
        }
    }

    private static let started: [(ServiceEvent, String)] = [
        (.start, "waiting"), (.dependenciesReady, "starting"), (.spawned(run: 1, pid: 7), "ready"),
    ]

    @Test func aProgramThatCannotBeStartedIsNeverReady() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, [(.start, "waiting"), (.dependenciesReady, "starting"), (.spawnFailed(run: 1, reason: "not found"), "starting")])
        #expect(!machine.everReady && machine.failuresBeforeReady == 1 && machine.problem == "not found")
    }

    @Test func lifeWithoutProbes() {
        var machine = Fixture.machine(Fixture.service())
        follow(
            &machine,
            [
                (.start, "waiting"), (.dependenciesReady, "starting"), (.spawned(run: 1, pid: 7), "ready"), (.stop, "stopping"),
                (.exited(run: 1, .signalled(15)), "stopping"), (.gone(run: 1), "stopped"),
            ])
        #expect(machine.failures == 0)
        #expect(machine.lastExit == .signalled(15))
    }

    /// READY=1 was sent, and the supervisor that got it was killed before it could write that down.
    @Test func anAdoptedStartIsAskedWhereItsNotificationMayBeLost() {
        var machine = Fixture.machine(Fixture.service(notifies: true, readiness: true))
        let actions = machine.handle(.adopted(pid: 7, ready: false), now: 0)
        #expect(machine.state == .starting && actions.contains(.arm(.probe(.readiness), at: 0)))
        follow(&machine, [(.probed(run: 1, .readiness, .passed, leased: false), "ready")])
        // Without a probe there is nothing but to wait for it.
        var silent = Fixture.machine(Fixture.service(notifies: true))
        follow(&silent, [(.adopted(pid: 7, ready: false), "starting"), (.notifiedReady(run: 1), "ready")])
    }

    @Test func readinessWaitsForNotificationAndProbe() {
        var machine = Fixture.machine(Fixture.service(notifies: true, readiness: true))
        follow(
            &machine,
            [
                (.start, "waiting"), (.dependenciesReady, "starting"), (.spawned(run: 1, pid: 7), "starting"),
                (.probed(run: 1, .readiness, .failed(reason: "early", timedOut: false), leased: false), "starting"),
                (.notifiedReady(run: 1), "starting"), (.probed(run: 1, .readiness, .passed, leased: false), "ready"),
                (.probed(run: 1, .readiness, .failed(reason: "busy", timedOut: false), leased: false), "ready"),
                (.probed(run: 1, .readiness, .failed(reason: "busy", timedOut: false), leased: false), "unready"),
                (.probed(run: 1, .readiness, .passed, leased: false), "ready"),
            ])
    }

    @Test func crashRestartsAtOnceThenLater() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, Self.started + [(.exited(run: 1, .exited(1)), "backoff"), (.gone(run: 1), "starting"), (.spawned(run: 2, pid: 8), "ready")])
        #expect(machine.run?.id == 2)
        let actions = machine.handle(.exited(run: 2, .exited(1)), now: 100) + machine.handle(.gone(run: 2), now: 100)
        #expect(machine.state == .backoff)
        let retry = actions.compactMap { action -> Int? in if case .arm(.retry, let time) = action { time } else { nil } }
        #expect(retry.count == 1 && (350...420).contains(retry[0]), "\(retry)")
        _ = machine.handle(.timer(.retry), now: 400)
        #expect(machine.state == .starting)
        #expect(machine.run?.id == 3)
    }

    @Test func leftoversOfACrashAreKilledBeforeTheRestart() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, Self.started)
        let actions = machine.handle(.exited(run: 1, .exited(0)), now: 1)
        #expect(actions.contains(.kill(run: 1)))
        #expect(machine.hasProcess, "a restart before the group is empty would be a second instance")
        #expect(machine.handle(.gone(run: 1), now: 2).contains(.spawn(run: 2)))
    }

    @Test func givesUpAndTriesAgainSlowly() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, Self.started)
        var now = 0
        var runs = 0
        while machine.state != .failed, runs < 100 {
            runs += 1
            guard let run = machine.run?.id else {
                now += 10_000
                _ = machine.handle(.timer(.retry), now: now)
                continue
            }
            _ = machine.handle(.exited(run: run, .exited(1)), now: now)
            _ = machine.handle(.gone(run: run), now: now)
        }
        #expect(machine.failures == 6)
        #expect(machine.problem?.contains("gave up") == true)
        _ = machine.handle(.timer(.retry), now: now + 100_000)
        #expect(machine.run != nil)
    }

    @Test func stopEscalatesUntilGone() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, Self.started)
        let asked = machine.handle(.stop, now: 100)
        #expect(asked.contains(.terminate(run: 1)) && asked.contains(.arm(.stopDeadline, at: 5100)))
        let first = machine.handle(.timer(.stopDeadline), now: 5100)
        #expect(first.contains(.kill(run: 1)))
        #expect(first.contains(.arm(.stopDeadline, at: 6100)))
        #expect(machine.handle(.timer(.stopDeadline), now: 6100).contains(.kill(run: 1)))
        #expect(machine.state == .stopping)
        _ = machine.handle(.gone(run: 1), now: 6200)
        #expect(machine.state == .stopped && !machine.hasProcess)
    }

    @Test(arguments: [(true, true, "ready"), (true, false, "stopping"), (false, true, "stopping")])
    func aBusyWorkerIsNotADeadOne(leased: Bool, timedOut: Bool, expected: String) {
        var machine = Fixture.machine(Fixture.service(liveness: true))
        follow(&machine, Self.started)
        for _ in 0..<3 {
            _ = machine.handle(.probed(run: 1, .liveness, .failed(reason: "no answer", timedOut: timedOut), leased: leased), now: 10)
        }
        #expect(machine.state.rawValue == expected)
    }

    @Test(arguments: [(true, true, "ready"), (true, false, "unready"), (false, true, "unready")])
    func aBusyWorkerIsReady(leased: Bool, timedOut: Bool, expected: String) {
        var machine = Fixture.machine(Fixture.service(readiness: true))
        follow(
            &machine,
            Self.started.dropLast() + [(.spawned(run: 1, pid: 7), "starting"), (.probed(run: 1, .readiness, .passed, leased: false), "ready")])
        for _ in 0..<3 {
            _ = machine.handle(.probed(run: 1, .readiness, .failed(reason: "no answer", timedOut: timedOut), leased: leased), now: 10)
        }
        #expect(machine.state.rawValue == expected)
    }

    @Test func aQuestionThatIsARequestWaitsForTheOthers() {
        var service = Fixture.service(readiness: true, liveness: true)
        service.probes.liveness?.check = .post(path: "/v1/completions", body: "{}", at: .tcp(host: "127.0.0.1", port: 1))
        service.probes.startup = service.probes.liveness
        service.probes.liveness?.periodMs = 30_000
        var machine = Fixture.machine(service)
        #expect(machine.asks(.startup, leased: true) && machine.asks(.readiness, leased: true))
        #expect(machine.asks(.liveness, leased: false) && !machine.asks(.liveness, leased: true))
        follow(
            &machine,
            Self.started.dropLast() + [
                (.spawned(run: 1, pid: 7), "starting"), (.probed(run: 1, .startup, .passed, leased: false), "starting"),
                (.probed(run: 1, .readiness, .passed, leased: false), "ready"),
            ])
        #expect(machine.handle(.deferred(run: 1, .liveness), now: 100) == [.arm(.probe(.liveness), at: 1100)], "not only after its period")
        #expect(machine.handle(.deferred(run: 0, .liveness), now: 100) == [])
        let others = Fixture.machine(Fixture.service(liveness: true))
        #expect(others.asks(.liveness, leased: true), "a question that costs nothing is always asked")
    }

    @Test func eventsOfAnEarlierRunChangeNothing() {
        var machine = Fixture.machine(Fixture.service())
        follow(&machine, Self.started + [(.exited(run: 1, .exited(1)), "backoff"), (.gone(run: 1), "starting"), (.spawned(run: 2, pid: 8), "ready")])
        follow(&machine, [(.exited(run: 1, .exited(1)), "ready"), (.gone(run: 1), "ready"), (.spawnFailed(run: 1, reason: "late"), "ready")])
        #expect(machine.run?.id == 2)
    }

    @Test func startThatTakesTooLongIsEnded() {
        var machine = Fixture.machine(Fixture.service(notifies: true))
        _ = machine.handle(.start, now: 0)
        let actions = machine.handle(.dependenciesReady, now: 0)
        #expect(actions.contains(.arm(.startDeadline, at: ServiceMachine.defaultStartDeadlineMs)))
        #expect(machine.handle(.timer(.startDeadline), now: ServiceMachine.defaultStartDeadlineMs).contains(.terminate(run: 1)))
        #expect(machine.problem?.contains("not ready within 120 s") == true)
        #expect(machine.failuresBeforeReady == 0)
        _ = machine.handle(.gone(run: 1), now: 130_000)
        #expect(machine.failuresBeforeReady == 1)
    }

    @Test func delaysGrowToTheLimit() {
        var backoff = RestartBackoff(policy: RestartPolicy(initialMs: 0, maxMs: 4000, failures: 100), seed: 3)
        var delays: [Int] = []
        for _ in 0..<8 { if case .after(let delay) = backoff.next(ranForMs: 10, now: 0) { delays.append(delay) } }
        #expect(delays.first == 0)
        for (delay, nominal) in zip(delays.dropFirst(), [250, 500, 1000, 2000, 4000, 4000, 4000]) {
            #expect((nominal...(nominal + nominal / 4)).contains(delay))
        }
        #expect(backoff.next(ranForMs: 60_000, now: 0) == .after(0))
    }
}
