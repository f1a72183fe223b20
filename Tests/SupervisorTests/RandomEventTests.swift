import Glibc
import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

/// Whatever happens in whatever order: the invariants of `ServiceMachine` and `Change` hold, and every apply ends.
@Suite struct RandomEventTests {
    static let variants: [[Service]] = [
        [Fixture.service("w"), Fixture.service("p", replace: .overlap, leases: true)],
        [Fixture.service("w", argument: "b"), Fixture.service("p", replace: .overlap, leases: true)],
        [Fixture.service("w", notifies: true, argument: "c"), Fixture.service("p", replace: .overlap, leases: true, argument: "b")],
        [Fixture.service("w", argument: "bad"), Fixture.service("p", replace: .overlap, notifies: true, leases: true, argument: "c")],
        [Fixture.service("v", dependsOn: ["w"]), Fixture.service("w", endpointPort: 8081)],
        [Fixture.service("v", endpointPort: 8081), Fixture.service("p", leases: true)],
        onDemand,
        onDemand.dropLast() + [Fixture.service("x", notifies: true, argument: "b", memory: 7, idle: IdlePolicy(stopAfterMs: 700))],
        [],
    ]
    /// Any two of the last three are too much.
    static let onDemand = [
        Fixture.service("v", memory: 2), Fixture.service("w", notifies: true, memory: 4, idle: IdlePolicy()),
        Fixture.service("y", notifies: true, memory: 5, idle: IdlePolicy(stopAfterMs: 500)),
        Fixture.service("x", notifies: true, memory: 6, idle: IdlePolicy(stopAfterMs: 700)),
    ]

    /// More of them by ANYCLAUDE_TEST_SEEDS.
    static let seeds = 0..<(getenv("ANYCLAUDE_TEST_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 200)

    @Test(arguments: seeds)
    func invariantsHold(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var world = World()
        world.failing = ["bad"]
        var good = Change.Target.nothing
        var pending = Change.Target.nothing
        for _ in 0..<150 {
            switch Int.random(in: 0..<15, using: &random) {
            case 14: world.handle(.unused(service: ["w", "v", "x", "y"].randomElement(using: &random) ?? ""))
            case 0 where !world.isChanging:
                pending = Fixture.target(Self.variants.randomElement(using: &random) ?? [], probationMs: 500, budget: 10)
                world.begin(.init(kind: .apply, target: pending, fallback: good))
            case 1: world.endTerminated()
            case 2: if let unit = world.processes.keys.sorted().randomElement(using: &random) { world.end(unit, .exited(1)) }
            case 3, 4: for name in ["w", "p", "v", "x", "y"] { world.notifyReady(name) }
            case 5: if let unit = world.core.units.keys.sorted().randomElement(using: &random) { world.handle(.unit(unit, .restart)) }
            case 6: if let unit = world.terminated.sorted().randomElement(using: &random) { world.end(unit, .signalled(15)) }
            case 12, 13:
                let name = ["w", "v", "x", "y"].randomElement(using: &random) ?? ""
                world.handle(
                    .demand(service: name, held: Int.random(in: 0...1, using: &random), waiting: Int.random(in: 0...1, using: &random)))
            case 7: world.elapse(Int.random(in: 1...100, using: &random))
            default: world.elapse(Int.random(in: 1...2000, using: &random))
            }
            if case .committed? = world.results.last, !world.isChanging { good = pending }
        }
        #expect(world.violations == [])
        // Left alone, a change ends: each of its waits is bounded.
        for _ in 0..<50 where world.isChanging {
            world.endTerminated()
            world.elapse(200_000)
        }
        #expect(!world.isChanging)
        for result in world.results {
            switch result {
            case .committed, .rolledBack, .failed: break
            case .converged, .stopped: Issue.record("an apply ended as \(result)")
            }
        }
        world.begin(.init(kind: .down, target: .nothing))
        for _ in 0..<50 where world.isChanging { world.elapse(10_000) }
        #expect(world.processes.isEmpty && world.core.units.isEmpty)
        #expect(world.violations == [])
    }
}
