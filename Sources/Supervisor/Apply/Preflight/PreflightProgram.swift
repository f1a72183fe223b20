import Control
import Glibc
import JSON
import LaunchPlan

/// A supervisor's look at a plan where none runs: with the instance's folders, secrets and whatever an earlier one left running, and without
/// taking its lock or writing anything.
struct PreflightProgram {
    let instance: Instance

    /// A request is a plan with its provenance; no longer one is read.
    static let longestRequest = ControlServer.maximumBody

    func report(_ request: ApplyRequest) throws(SupervisorError) -> PreflightReport {
        let plan = try Supervisor.verified(request.envelope)
        try Staleness.checkInstance(plan, instance.name)
        let secrets = try SecretStore(runtime: instance.runtime, state: instance.state).knowing(request.secrets)
        let runs = Self.runs(of: instance)
        let names = Set(plan.services.map(\.name))
        let checks = Preflight(
            bindings: Supervisor.roots(Supervisor.bound(request.bindings, instance)), secrets: secrets,
            listeners: ListenerPool(inherited: [], systemd: Systemd()),
            members: { name in runs.filter { $0.service == name }.reduce(into: []) { $0.formUnion($1.members) } },
            leaving: Set(runs.map(\.service)).subtracting(names))
        var report = checks.report(plan)
        report.results += Staleness.result(request, current: try current()).map { [$0] } ?? []
        report.results += RuntimePath.results(plan, instance)
        return report
    }

    /// What a supervisor that died left: the next one takes it over, with its ports.
    private static func runs(of instance: Instance) -> [(service: String, members: [Int32])] {
        RunDirectory.all(in: instance.runtime).compactMap { directory in
            guard let record = RunRecord.read(directory), ProcFS.stat(record.pid)?.startTime == record.startTime else { return nil }
            return (record.service.name, Membership.members(leader: record.pid, directory: directory.path, orphans: nil))
        }
    }

    private func current() throws(SupervisorError) -> Staleness.Current? {
        guard let generation = try Store.current(state: instance.state) else { return nil }
        return Staleness.Current(
            planId: generation.planId, generation: generation.number, folder: generation.bindings[PlanPath.Root.config.rawValue])
    }

    /// One request from standard input; the report, or a `ControlError`, as JSON to standard output.
    ///
    /// - Returns: the exit code: 0 with a report, whatever it says.
    static func run(_ instance: Instance) -> Int32 {
        do throws(SupervisorError) {
            let request: ApplyRequest = try decode(try input(), "the request")
            try write(try encoded(try PreflightProgram(instance: instance).report(request)))
            return 0
        } catch {
            do throws(SupervisorError) { try write(try encoded(error.control)) } catch { return 74 }
            return error.exitCode
        }
    }

    private static func input() throws(SupervisorError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("cannot read standard input", errno: errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= longestRequest else { throw SupervisorError("the request is longer than \(longestRequest) bytes", exitCode: 64) }
        }
    }

    private static func write(_ document: JSON) throws(SupervisorError) {
        let problem = AtomicFile.writeAll(document.bytes + [0x0A], to: STDOUT_FILENO)
        guard problem == 0 else { throw .system("cannot write to standard output", errno: problem) }
    }
}
