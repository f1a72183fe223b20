import Control
import Glibc
import JSON
import LaunchPlan

/// What was applied to an instance, as it is on the disk, for whoever reads it: only the supervisor that has the lock writes.
///
///     store/<sha256>/plan.json   plans by content, canonical JSON
///     generations/<n>            `Generation`
///     current                    a link to the generation that is current
package struct StoreReader: Sendable {
    private let state: String

    /// - Parameter state: the instance's state directory.
    package init(state: String) { self.state = state }

    package func path(_ number: Int) -> String { "\(state)/generations/\(number)" }
    package var link: String { "\(state)/current" }

    package var numbers: [Int] { Folder.names(in: "\(state)/generations").compactMap(Int.init).sorted() }

    /// Nil where there is none.
    package func read(_ number: Int) throws(OperationError) -> Generation? {
        guard let bytes = try AtomicFile.read(path(number)) else { return nil }
        return try decode(bytes, path(number))
    }

    /// The number that `current` links to.
    package var currentNumber: Int? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(link, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let target = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return target.split(separator: "/").last.flatMap { Int($0) }
    }

    /// Nil where nothing was ever applied.
    ///
    /// - Throws: where the current one is not there, or damaged.
    package func current() throws(OperationError) -> Generation? {
        guard let number = currentNumber else { return nil }
        guard let generation = try read(number) else {
            throw OperationError(
                "\(link) names generation \(number), which is not there", hint: "`anyclaude apply` makes a new one", exitCode: 74)
        }
        return generation
    }

    package func planPath(_ planId: String) -> String {
        "\(state)/store/\(planId.split(separator: ":").last.map(String.init) ?? planId)/plan.json"
    }

    /// The envelope of a generation, as it was applied; its id is not checked here.
    package func envelope(_ generation: Generation) throws(OperationError) -> PlanEnvelope {
        let path = planPath(generation.planId)
        guard let bytes = try AtomicFile.read(path) else {
            throw OperationError("the plan of generation \(generation.number) is gone: \(path)", exitCode: 74)
        }
        let plan: JSON
        do { plan = try JSON(parsing: bytes) } catch { throw OperationError("\(path): \(error.description)", exitCode: 74) }
        return PlanEnvelope(
            planId: generation.planId, plan: plan, precondition: generation.precondition, provenance: generation.provenance)
    }

    /// What an apply compares itself with.
    package func whole(_ generation: Generation) throws(OperationError) -> CurrentPlan {
        CurrentPlan(generation: generation.number, envelope: try envelope(generation), bindings: generation.bindings)
    }
}
