import Control
import Glibc
import JSON
import LaunchPlan

/// The current generation as the supervisor keeps it on the disk, for when none runs: `current` links to `generations/<n>`, whose plan
/// is `store/<sha256>/plan.json`. Read, never written.
enum StoredGeneration {
    /// - Returns: nil where nothing was ever applied.
    static func current(state: String) throws(CommandError) -> CurrentPlan? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = readlink("\(state)/current", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return try plan("\(state)/\(String(decoding: buffer[..<count], as: UTF8.self))", state)
    }

    /// - Throws: exit code 3 where there is no such generation.
    static func numbered(_ number: Int, state: String) throws(CommandError) -> CurrentPlan {
        let path = "\(state)/generations/\(number)"
        guard Paths.exists(path) else {
            let known = Paths.names(in: "\(state)/generations").compactMap { Int($0) }.sorted()
            throw CommandError(
                "there is no generation \(number) in \(state)",
                hint: known.isEmpty ? "nothing has been applied yet" : "those on the disk are \(known.map(String.init).joined(separator: ", "))",
                exitCode: ExitStatus.precondition)
        }
        return try plan(path, state)
    }

    private static func plan(_ path: String, _ state: String) throws(CommandError) -> CurrentPlan {
        let generation = try document(path)
        let planId = generation["plan_id"]?.stringValue ?? ""
        let hash = planId.split(separator: ":").last.map(String.init) ?? ""
        let plan = try document("\(state)/store/\(hash)/plan.json")
        let whole: JSON = [
            "generation": generation["number"] ?? .null,
            "bindings": generation["bindings"] ?? .null,
            "envelope": [
                "plan_id": .string(planId), "plan": plan, "precondition": generation["precondition"] ?? [:],
                "provenance": generation["provenance"] ?? .null,
            ],
        ]
        do throws(JSONDecodingError) {
            return try whole.decode()
        } catch {
            throw CommandError("\(path) is damaged: \(error)", hint: "`anyclaude apply` writes a new generation", exitCode: ExitStatus.inputOutput)
        }
    }

    private static func document(_ path: String) throws(CommandError) -> JSON {
        let bytes = try Files.read(path)
        do throws(JSONError) {
            return try JSON(parsing: bytes)
        } catch {
            throw CommandError("\(path) is damaged: \(error)", hint: "`anyclaude apply` writes a new generation", exitCode: ExitStatus.inputOutput)
        }
    }
}

extension Session {
    /// What a new plan is compared with: the supervisor's word, or the disk's where none runs or is to be asked.
    func basePlan(_ instanceName: String, offline: Bool = false) throws -> CurrentPlan? {
        if !offline, let answer = try ask(instanceName, { _, client throws(ControlClientError) in try client.currentPlan() }) { return answer }
        return try StoredGeneration.current(state: instance(instanceName).state)
    }
}
