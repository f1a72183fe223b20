import Control
import Glibc
import Host
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
    let reader: StoreReader
    private let state: String
    private let lockFile: CInt

    /// - Throws: exit code 3 where another supervisor lives.
    init(state: String) throws(OperationError) {
        self.state = state
        reader = StoreReader(state: state)
        try Folder.make(state)
        let path = "\(state)/lock"
        lockFile = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lockFile >= 0 else { throw .system("cannot write \(path)", errno: errno, exitCode: 73) }
        guard flock(lockFile, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try AtomicFile.read(path) ?? []).prefix { $0 != 0x0A }
            close(lockFile)
            throw OperationError(
                "another supervisor has the instance: pid \(String(decoding: holder, as: UTF8.self))",
                hint: "`anyclaude status` asks it; `anyclaude down` ends it", exitCode: 3)
        }
        _ = ftruncate(lockFile, 0)
        _ = AtomicFile.writeAll(Array("\(getpid())\n".utf8), to: lockFile)
        try Folder.make("\(state)/store")
        try Folder.make("\(state)/generations")
        // Made now, or by one that was killed before it came to this.
        try Folder.syncNames("\(state)/store")
    }

    deinit { close(lockFile) }

    // MARK: plans

    private func save(plan: JSON, id: String) throws(OperationError) {
        let path = reader.planPath(id)
        let bytes = plan.canonicalBytes
        // The name is the content's, but what has the name may be damaged.
        if try AtomicFile.read(path) != bytes {
            try Folder.make(String(path.dropLast("/plan.json".count)))
            try AtomicFile.write(bytes, to: path)
        } else {
            // Who wrote it may have been killed before this.
            try AtomicFile.syncDirectory(of: path)
        }
        try AtomicFile.syncDirectory(of: "\(state)/store/x")
    }

    // MARK: generations

    /// A generation for an apply that begins.
    func begin(_ envelope: PlanEnvelope, bindings: [String: String], user: String, command: String) throws(OperationError) -> Generation {
        try save(plan: envelope.plan, id: envelope.planId)
        let generation = Generation(
            number: (reader.numbers.last ?? 0) + 1, planId: envelope.planId, standing: .pending, bindings: bindings,
            precondition: envelope.precondition,
            provenance: envelope.provenance, created: Clock.timestamp(), user: user, command: command)
        try write(generation)
        return generation
    }

    /// The generation became healthy: it is current from here on.
    func commit(_ generation: Generation) throws(OperationError) {
        var good = generation
        good.standing = .good
        try write(good)
        try AtomicFile.link(reader.link, to: "generations/\(generation.number)")
        Retention.clean(self)
    }

    func reject(_ generation: Generation) throws(OperationError) {
        // One that was good once, and is returned to, stays good.
        guard generation.standing == .pending else { return }
        var bad = generation
        bad.standing = .bad
        try write(bad)
        Retention.clean(self)
    }

    private func write(_ generation: Generation) throws(OperationError) {
        try AtomicFile.write(Array(try encoded(generation).prettyText.utf8) + [0x0A], to: reader.path(generation.number))
    }

    func removeGeneration(_ number: Int) { FileCalls.remove(reader.path(number)) }
    func removePlan(_ name: String) { Folder.remove("\(state)/store/\(name)") }
    var planNames: [String] { Folder.names(in: "\(state)/store") }
}
