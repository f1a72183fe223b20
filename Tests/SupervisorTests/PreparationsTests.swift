import HostFixtures
import Testing

@testable import Supervisor

/// Starts that something has to be done for first.
@Suite struct PreparationsTests {
    private static func run(_ unit: Int, _ run: Int = 1) -> Preparations.Run { .init(unit: unit, run: run, service: "w\(unit)") }

    @Test func oneAfterTheOther() {
        var preparations = Preparations()
        #expect(preparations.add(Self.run(1)) == true)
        #expect(preparations.add(Self.run(2)) == false && preparations.add(Self.run(3)) == false)
        var result = preparations.finish()
        #expect(result.ready == Self.run(1) && result.next == Self.run(2))
        result = preparations.finish()
        #expect(result.ready == Self.run(2) && result.next == Self.run(3))
        result = preparations.finish()
        #expect(result.ready == Self.run(3) && result.next == nil)
        #expect(preparations.add(Self.run(4)) == true)
    }

    /// What was begun goes on, and its end starts nothing; the next run of the same service does not begin beside it.
    @Test func aRunThatIsStoppedMeanwhileIsNotStartedAndItsSuccessorWaits() {
        var preparations = Preparations()
        _ = preparations.add(Self.run(1))
        #expect(preparations.giveUp(1, 1) == true)
        #expect(preparations.giveUp(1, 1) == false, "once")
        #expect(preparations.add(Self.run(1, 2)) == false, "the store is still being looked through")
        let result = preparations.finish()
        #expect(result.ready == nil && result.next == Self.run(1, 2))
        #expect(preparations.finish().ready == Self.run(1, 2))
    }

    @Test func aRunThatWaitsIsForgotten() {
        var preparations = Preparations()
        _ = preparations.add(Self.run(1))
        _ = preparations.add(Self.run(2))
        #expect(preparations.giveUp(2, 1) == true)
        #expect(preparations.giveUp(3, 1) == false && preparations.giveUp(1, 2) == false, "nothing is known of them")
        let result = preparations.finish()
        #expect(result.ready == Self.run(1) && result.next == nil)
    }

    /// The machine's side of it: the end is answered before there was a process.
    @Test func aMachineThatIsStoppedBeforeItsProcessExists() {
        var machine = Fixture.machine(Fixture.service())
        _ = machine.handle(.start, now: 0)
        #expect(machine.handle(.dependenciesReady, now: 0).contains(.spawn(run: 1)))
        #expect(machine.handle(.stop, now: 1).contains(.terminate(run: 1)))
        #expect(machine.handle(.gone(run: 1), now: 2).contains(.disarm(.stopDeadline)))
        #expect(machine.state == .stopped && machine.failures == 0)
        // What comes of it later is of an earlier run.
        #expect(machine.handle(.spawned(run: 1, pid: 7), now: 3) == [] && machine.state == .stopped)
    }

    @Test func aMachineThatIsRestartedBeforeItsProcessExists() {
        var machine = Fixture.machine(Fixture.service())
        _ = machine.handle(.start, now: 0)
        _ = machine.handle(.dependenciesReady, now: 0)
        #expect(machine.handle(.restart, now: 1).contains(.terminate(run: 1)))
        #expect(machine.handle(.gone(run: 1), now: 2).contains(.spawn(run: 2)))
        #expect(machine.failures == 0)
    }
}
