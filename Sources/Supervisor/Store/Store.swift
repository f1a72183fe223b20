import Control
import Glibc
import JSON
import LaunchPlan

/// The instance's memory on the disk:
///
///     lock                       held by the supervisor that lives (flock), with its pid
///     store/<sha256>/plan.json   plans by content, canonical JSON
///     generations/<n>            `Generation`
///     current                    a link to the generation that is current
///     history.jsonl              `HistoryEntry`, oldest first
///
/// Every write is whole or absent (`AtomicFile`) and on the disk before the next one begins. The order of an apply is: plan,
/// generation (`pending`), processes, generation (`good`), `current`. A kill between any two leaves the old generation current.
final class Store {
    let state: String
    private let lockFile: CInt

    /// - Throws: exit code 3 where another supervisor lives.
    init(state: String) throws(SupervisorError) {
        self.state = state
        try Folder.make(state)
        let path = "\(state)/lock"
        lockFile = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lockFile >= 0 else { throw .system("cannot write \(path)", errno: errno, exitCode: 73) }
        guard flock(lockFile, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try AtomicFile.read(path) ?? []).prefix { $0 != 0x0A }
            close(lockFile)
            throw SupervisorError(
                "another supervisor has the instance: pid \(String(decoding: holder, as: UTF8.self))",
                hint: "`anyclaude status` asks it; `anyclaude down` ends it", exitCode: 3)
        }
        _ = ftruncate(lockFile, 0)
        _ = AtomicFile.writeAll(Array("\(getpid())\n".utf8), to: lockFile)
        try Folder.make("\(state)/store")
        try Folder.make("\(state)/generations")
    }

    deinit { close(lockFile) }

    // MARK: plans

    private func planPath(_ planId: String) -> String {
        "\(state)/store/\(planId.split(separator: ":").last.map(String.init) ?? planId)/plan.json"
    }

    private func save(plan: JSON, id: String) throws(SupervisorError) {
        let path = planPath(id)
        let bytes = plan.canonicalBytes
        // The name is the content's, but what has the name may be damaged.
        guard try AtomicFile.read(path) != bytes else { return }
        try Folder.make(String(path.dropLast("/plan.json".count)))
        try AtomicFile.write(bytes, to: path)
        try AtomicFile.syncDirectory(of: "\(state)/store/x")
    }

    // MARK: generations

    private func path(_ number: Int) -> String { "\(state)/generations/\(number)" }

    var numbers: [Int] { Folder.names(in: "\(state)/generations").compactMap(Int.init).sorted() }

    func generation(_ number: Int) throws(SupervisorError) -> Generation? {
        guard let bytes = try AtomicFile.read(path(number)) else { return nil }
        return try decode(bytes, path(number))
    }

    /// What is current, for a reader that does not have the lock.
    static func current(state: String) throws(SupervisorError) -> Generation? {
        guard let number = currentNumber(state: state), let bytes = try AtomicFile.read("\(state)/generations/\(number)") else { return nil }
        return try decode(bytes, "\(state)/generations/\(number)")
    }

    /// The number that `current` links to.
    var currentNumber: Int? { Self.currentNumber(state: state) }

    private static func currentNumber(state: String) -> Int? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink("\(state)/current", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let target = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return target.split(separator: "/").last.flatMap { Int($0) }
    }

    func current() throws(SupervisorError) -> Generation? {
        guard let number = currentNumber else { return nil }
        guard let generation = try generation(number) else {
            throw SupervisorError(
                "\(state)/current names generation \(number), which is not there", hint: "`anyclaude apply` makes a new one", exitCode: 74)
        }
        return generation
    }

    /// The envelope of a generation, as it was applied.
    func envelope(_ generation: Generation) throws(SupervisorError) -> PlanEnvelope {
        let path = planPath(generation.planId)
        guard let bytes = try AtomicFile.read(path) else {
            throw SupervisorError("the plan of generation \(generation.number) is gone: \(path)", exitCode: 74)
        }
        let plan: JSON
        do { plan = try JSON(parsing: bytes) } catch { throw SupervisorError("\(path): \(error.description)", exitCode: 74) }
        let document = JSON.object([
            "plan_id": .string(generation.planId), "plan": plan, "precondition": try encoded(generation.precondition),
            "provenance": try encoded(generation.provenance),
        ])
        do { return try document.decode(PlanEnvelope.self) } catch { throw SupervisorError("\(path): \(error.description)", exitCode: 74) }
    }

    /// A generation for an apply that begins.
    func begin(_ envelope: PlanEnvelope, bindings: [String: String], user: String, command: String) throws(SupervisorError) -> Generation {
        try save(plan: envelope.plan, id: envelope.planId)
        let generation = Generation(
            number: (numbers.last ?? 0) + 1, planId: envelope.planId, standing: .pending, bindings: bindings, precondition: envelope.precondition,
            provenance: envelope.provenance, created: Clock.timestamp(), user: user, command: command)
        try write(generation)
        return generation
    }

    /// The generation became healthy: it is current from here on.
    func commit(_ generation: Generation) throws(SupervisorError) {
        var good = generation
        good.standing = .good
        try write(good)
        try AtomicFile.link("\(state)/current", to: "generations/\(generation.number)")
        Retention.clean(self)
    }

    func reject(_ generation: Generation) throws(SupervisorError) {
        // One that was good once, and is returned to, stays good.
        guard generation.standing == .pending else { return }
        var bad = generation
        bad.standing = .bad
        try write(bad)
        Retention.clean(self)
    }

    private func write(_ generation: Generation) throws(SupervisorError) {
        try AtomicFile.write(Array(try encoded(generation).prettyText.utf8) + [0x0A], to: path(generation.number))
    }

    func removeGeneration(_ number: Int) { unlink(path(number)) }
    func removePlan(_ name: String) { Folder.remove("\(state)/store/\(name)") }
    var planNames: [String] { Folder.names(in: "\(state)/store") }
}

func encoded(_ value: some Encodable) throws(SupervisorError) -> JSON {
    do { return try JSON(encoding: value) } catch { throw SupervisorError("cannot write a value as JSON: \(error)", exitCode: 70) }
}

func decode<T: Decodable>(_ bytes: [UInt8], _ path: String) throws(SupervisorError) -> T {
    do {
        return try JSON(parsing: bytes).decode(T.self)
    } catch {
        throw SupervisorError("\(path) is damaged: \(error)", exitCode: 74)
    }
}
