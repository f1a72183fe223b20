import Control
import Host
import LaunchPlan

/// A generation as the supervisor keeps it on the disk, for when none runs. Read, never written.
enum StoredGeneration {
    /// - Returns: nil where nothing was ever applied.
    static func current(state: String) throws(CommandError) -> CurrentPlan? {
        let reader = StoreReader(state: state)
        do throws(OperationError) {
            return try reader.current().map { generation throws(OperationError) in try reader.whole(generation) }
        } catch {
            throw CommandError(error, hint: "`anyclaude apply` writes a new generation")
        }
    }

    /// - Throws: exit code 3 where there is no such generation.
    static func numbered(_ number: Int, state: String) throws(CommandError) -> CurrentPlan {
        let reader = StoreReader(state: state)
        do throws(OperationError) {
            if let generation = try reader.read(number) { return try reader.whole(generation) }
        } catch {
            throw CommandError(error)
        }
        let known = reader.numbers.map(String.init).joined(separator: ", ")
        throw CommandError(
            "there is no generation \(number) in \(state)", hint: known.isEmpty ? "nothing has been applied yet" : "those on the disk are \(known)",
            exitCode: ExitStatus.precondition)
    }
}

extension Session {
    /// What is current: the supervisor's word, or the disk's where none runs or is to be asked.
    func currentPlan(_ instanceName: String, offline: Bool = false) throws -> CurrentPlan? {
        if !offline, let answer = try runningPlan(instanceName) { return answer }
        return try StoredGeneration.current(state: instance(instanceName).state)
    }

    /// What a new plan is compared with. A generation on the disk that cannot be read counts as none, and is said: the supervisor
    /// that an apply starts does without it too.
    func basePlan(_ instanceName: String, offline: Bool = false) throws -> CurrentPlan? {
        if !offline, let answer = try runningPlan(instanceName) { return answer }
        do throws(CommandError) {
            return try StoredGeneration.current(state: instance(instanceName).state)
        } catch {
            Output.note("\(errorStyle.warning("warning")): \(error.message ?? "what is current cannot be read")")
            return nil
        }
    }

    /// Nil where no supervisor runs; a supervisor's nil where nothing was ever applied.
    private func runningPlan(_ instanceName: String) throws(ControlClientError) -> CurrentPlan?? {
        try ask(instanceName) { _, client throws(ControlClientError) in try client.currentPlan() }
    }
}
