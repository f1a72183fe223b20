import Control
import Glibc
import HostFixtures
import JSON
import LaunchPlan
import Testing

@testable import Host
@testable import Supervisor

/// A crash before every change of a file that an apply makes, of the process or of the machine: what is current afterwards is whole,
/// is the old or the new generation, and has the values that were sent for it.
///
/// The steps of each apply are recorded once, with the real files; what each beginning of them leaves is then made, and opened.
@Suite struct CrashPointTests {
    /// What is applied: a plan by its argument, and the value that is sent with it.
    struct Applied: Equatable {
        var argument: String
        var value: String?
    }

    /// The folder of one recording, with a supervisor that has no processes.
    private final class Machine {
        let supervisor: Supervisor

        init(at root: String) throws {
            supervisor = try Supervisor(
                options: SupervisorOptions(instance: "default"), instance: Machine.instance(root), inherited: [], systemd: Systemd(),
                environment: [:])
            supervisor.generation = try supervisor.store.reader.current()
            try supervisor.secrets.settle(current: supervisor.generation?.number)
        }

        static func instance(_ root: String) -> Instance { Instance(name: "default", environment: ["ANYCLAUDE_HOME": "\(root)/home"]) }

        /// From the request to the end, as `Supervisor+Apply` does it when every service becomes ready at once.
        func apply(_ applied: Applied) throws {
            let session = ApplySession(kind: .apply, user: "me", command: "apply", reply: nil)
            supervisor.session = session
            let envelope = try CrashPointTests.envelope(applied.argument)
            session.secrets = applied.value.map { supervisor.secrets.knowing(["KEY": $0]) }
            if let current = supervisor.generation, current.planId == envelope.planId {
                session.generation = current
            } else {
                session.generation = try supervisor.store.begin(envelope, bindings: [:], user: "me", command: "apply")
            }
            let problem = supervisor.commit()
            try #require(problem == nil, "\(problem ?? "")")
            supervisor.finished(.committed(gapsMs: [:]))
        }
    }

    private static func envelope(_ argument: String) throws -> PlanEnvelope {
        try PlanEnvelope(
            plan: LaunchPlan(instance: "default", services: [Fixture.service(argument: argument)], probationMs: 0), basePlanId: nil,
            provenance: Provenance(tool: "test"))
    }

    /// What a supervisor that starts there finds; nil where nothing was ever applied.
    private static func found(_ root: String) throws -> Applied? {
        let instance = Machine.instance(root)
        let store = try Store(state: instance.state)
        guard let generation = try store.reader.current() else { return nil }
        let plan = try store.reader.envelope(generation).verified()
        try Folder.make(instance.runtime)
        var secrets = try SecretStore(runtime: instance.runtime, state: instance.state)
        try secrets.settle(current: generation.number)
        guard case .text(let argument)? = plan.services.first?.argv.last else { return nil }
        return Applied(argument: argument, value: secrets.sent["KEY"])
    }

    /// The steps of `body`, and the disk that they were made on.
    private static func record(_ body: () throws -> Void) throws -> [FileStep] {
        var steps: [FileStep] = []
        try FileStep.watched(by: { steps.append($0) }, during: body)
        return steps
    }

    private static let losses: [DiskModel.Loss] = [.nothing, .all, .contents] + (1...5).map { .random($0) }

    struct Scenario: CustomTestStringConvertible, Sendable {
        var name: String
        /// Applied before.
        var earlier: [Applied]
        var applied: Applied
        var testDescription: String { name }
    }

    static let scenarios = [
        Scenario(name: "the first apply", earlier: [], applied: Applied(argument: "a", value: "1")),
        Scenario(name: "a new plan", earlier: [Applied(argument: "a", value: "1")], applied: Applied(argument: "b", value: nil)),
        Scenario(name: "a new plan and a secret", earlier: [Applied(argument: "a", value: "1")], applied: Applied(argument: "b", value: "2")),
        Scenario(name: "a secret alone", earlier: [Applied(argument: "a", value: "1")], applied: Applied(argument: "a", value: "2")),
        Scenario(
            name: "a plan that was there before", earlier: ["a", "b"].map { Applied(argument: $0, value: $0) },
            applied: Applied(argument: "a", value: "2")),
        Scenario(
            name: "a new plan that makes old ones go", earlier: (0...Retention.good).map { Applied(argument: "\($0)", value: "1") },
            applied: Applied(argument: "new", value: "2")),
    ]

    /// What may be current after a crash: before and after, with the value that belongs to each.
    private static func allowed(_ scenario: Scenario) -> (before: Applied?, after: Applied) {
        let values = scenario.earlier.compactMap(\.value)
        let before = scenario.earlier.last.map { Applied(argument: $0.argument, value: values.last) }
        return (before, Applied(argument: scenario.applied.argument, value: scenario.applied.value ?? values.last))
    }

    /// The recorded disk before the apply, the steps of the apply.
    private static func recorded(_ scenario: Scenario, _ folder: TemporaryFolder) throws -> (before: DiskModel, steps: [FileStep]) {
        var disk = DiskModel(root: folder.path)
        var machine: Machine?
        let earlier = try record {
            guard !scenario.earlier.isEmpty else { return }
            machine = try Machine(at: folder.path)
            for applied in scenario.earlier { try machine?.apply(applied) }
        }
        for step in earlier { try disk.apply(step) }
        let steps = try record {
            let machine = try machine ?? Machine(at: folder.path)
            try machine.apply(scenario.applied)
        }
        return (disk, steps)
    }

    /// A last write is torn at its first byte, in its middle and before its last.
    private static func torn(_ step: FileStep) -> [FileStep] {
        guard case .append(let path, let bytes) = step, bytes.count > 1 else { return [] }
        return Set([1, bytes.count / 2, bytes.count - 1]).sorted().map { .append(path, Array(bytes.prefix($0))) }
    }

    @Test(arguments: scenarios) func aCrashAtEveryStepLeavesOneWholeGeneration(scenario: Scenario) throws {
        let folder = try TemporaryFolder()
        var (disk, steps) = try Self.recorded(scenario, folder)
        let (before, after) = Self.allowed(scenario)
        try #require(steps.count > 10)
        func check(_ disk: DiskModel, _ place: String, isDone: Bool) throws {
            for loss in Self.losses {
                let copy = try TemporaryFolder()
                try disk.materialize(in: copy.path, loss)
                let found: Applied?
                do { found = try Self.found(copy.path) } catch {
                    Issue.record("\(place), \(loss): \(error)")
                    continue
                }
                // Who was told that it is committed finds it after any crash.
                #expect(found == after || (!isDone && found == before), "\(place), \(loss)")
            }
        }
        for (number, step) in steps.enumerated() {
            try check(disk, "before step \(number): \(step.summary)", isDone: false)
            for part in Self.torn(step) {
                var torn = disk
                try torn.apply(part)
                try check(torn, "in step \(number): \(step.summary)", isDone: false)
            }
            try disk.apply(step)
        }
        try check(disk, "at the end", isDone: true)
    }

    /// The supervisor was killed somewhere, the same is applied again, and then the machine loses its power.
    @Test(arguments: scenarios) func whatIsAppliedAgainAfterACrashIsDurable(scenario: Scenario) throws {
        let folder = try TemporaryFolder()
        var (disk, steps) = try Self.recorded(scenario, folder)
        let after = Self.allowed(scenario).after
        for (number, step) in steps.enumerated() {
            let copy = try TemporaryFolder()
            try disk.materialize(in: copy.path, .nothing)
            let again = try Self.record { try Machine(at: copy.path).apply(scenario.applied) }
            var repeated = disk
            for step in again { try repeated.apply(step.moved(from: copy.path, to: folder.path)) }
            for loss in [DiskModel.Loss.nothing, .all, .contents] {
                let last = try TemporaryFolder()
                try repeated.materialize(in: last.path, loss)
                do {
                    let found = try Self.found(last.path)
                    #expect(found == after, "killed before step \(number): \(step.summary), \(loss)")
                } catch {
                    Issue.record("killed before step \(number): \(step.summary), \(loss): \(error)")
                }
            }
            try disk.apply(step)
        }
    }

    /// Wherever a supervisor was killed: after the next one has stopped for good, no file has a value that was ever sent.
    @Test func noValueOutlivesTheStack() throws {
        let folder = try TemporaryFolder()
        let scenario = Scenario(name: "", earlier: [Applied(argument: "a", value: "canary-1")], applied: Applied(argument: "b", value: "canary-2"))
        var (disk, steps) = try Self.recorded(scenario, folder)
        for (number, step) in steps.enumerated() {
            let copy = try TemporaryFolder()
            try disk.materialize(in: copy.path, .nothing)
            var secrets = try Machine(at: copy.path).supervisor.secrets
            try secrets.forget()
            let runtime = Machine.instance(copy.path).runtime
            for name in Folder.names(in: runtime) {
                let text = String(decoding: try AtomicFile.read("\(runtime)/\(name)") ?? [], as: UTF8.self)
                #expect(!text.contains("canary"), "killed before step \(number): \(step.summary): \(name)")
            }
            try disk.apply(step)
        }
    }

    /// Without an observer nothing is counted; with one the steps of a write are those that a crash can come between.
    @Test func aWriteIsFiveSteps() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/f"
        let steps = try Self.record { try AtomicFile.write([1, 2], to: path) }
        #expect(
            steps == [
                .create("\(path).new"), .append("\(path).new", [1, 2]), .sync("\(path).new"), .rename("\(path).new", to: path),
                .syncFolder(folder.path),
            ])
    }
}

extension FileStep {
    /// Without the bytes.
    var summary: String {
        if case .append(let path, let bytes) = self { "append \(bytes.count) bytes to \(path)" } else { "\(self)" }
    }
}
