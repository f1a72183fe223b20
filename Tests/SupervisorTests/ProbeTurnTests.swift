import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

/// When services that run are asked, so that all of them cost one wake-up a period.
@Suite struct ProbeTurnTests {
    private static func probe(_ check: Probe.Check = .tcp(at: .tcp(host: "127.0.0.1", port: 1)), periodMs: Int) -> Probe {
        Probe(check: check, periodMs: periodMs, timeoutMs: 500, failures: 3)
    }

    @Test(arguments: [1, 2, 7, 1000, 5000, 30_000])
    func turnsAreMultiplesAboutOnePeriodAway(periodMs: Int) {
        let probe = Self.probe(periodMs: periodMs)
        for now in [0, 1, periodMs / 2, periodMs - 1, periodMs, 123_456, 1_000_000_007] {
            let turn = ServiceMachine.turn(of: probe, after: now)
            #expect(turn % periodMs == 0)
            #expect(turn > now && 2 * (turn - now) >= periodMs && 2 * (turn - now) <= 3 * periodMs, "\(turn - now) of \(periodMs)")
        }
    }

    /// Answered at once or a little later, the next turn is the same.
    @Test func aSlowAnswerDoesNotShiftTheTurns() {
        let probe = Self.probe(periodMs: 5000)
        #expect([20_000, 20_001, 20_300, 22_499].map { ServiceMachine.turn(of: probe, after: $0) } == [25_000, 25_000, 25_000, 25_000])
        #expect(ServiceMachine.turn(of: probe, after: 22_500) == 30_000, "not less than half a period after the last one")
    }

    /// What computes is not asked of everyone in the same moment.
    @Test func questionsThatCostSomethingAreSpread() {
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 1)
        #expect(ServiceMachine.turn(of: Self.probe(.exec(argv: ["/bin/true"]), periodMs: 1000), after: 123) == 1123)
        #expect(ServiceMachine.turn(of: Self.probe(.post(path: "/", body: "{}", at: endpoint), periodMs: 1000), after: 123) == 1123)
        #expect(ServiceMachine.turn(of: Self.probe(.http(path: "/", at: endpoint), periodMs: 1000), after: 123) == 1000)
    }

    /// Fifty services that became ready at different times, each with two probes: ten periods have ten times at which anything is due.
    @Test func manyServicesShareTheirTurns() {
        var times: [Int] = []
        for number in 0..<50 {
            var machine = Fixture.machine(Fixture.service(readiness: true, liveness: true))
            let start = number * 37
            _ = machine.handle(.start, now: start)
            _ = machine.handle(.dependenciesReady, now: start)
            var due: [ProbeKind: Int] = [:]
            func note(_ actions: [ServiceAction]) {
                for case .arm(.probe(let kind), let time) in actions { due[kind] = time }
            }
            note(machine.handle(.spawned(run: 1, pid: 7), now: start))
            while let (kind, time) = due.min(by: { $0.value < $1.value }), time < 20_000 {
                due[kind] = nil
                if time >= 10_000 { times.append(time) }
                note(machine.handle(.timer(.probe(kind)), now: time))
                note(machine.handle(.probed(run: 1, kind, .passed, leased: false), now: time + number % 7))
            }
        }
        #expect(times.count == 50 * 2 * 10)
        #expect(Set(times) == Set((10..<20).map { $0 * 1000 }))
    }
}
