import Checkpoint
import Glibc
import LaunchPlan

/// What must hold on this machine before anything is touched.
struct Preflight {
    let bindings: PlanPath.Bindings
    let secrets: SecretStore
    let listeners: ListenerPool
    /// The processes of a service that runs now: what they hold is theirs to hold.
    let members: (String) -> Set<Int32>
    /// Services that the plan stops before it starts others.
    let leaving: Set<String>

    struct Finding: Equatable {
        var service: String
        var key: String
        var message: String
        var hint: String?
    }

    /// All that does not hold, in the plan's order.
    func findings(_ plan: LaunchPlan) -> [Finding] {
        plan.preflight.compactMap { check in
            do throws(SupervisorError) {
                try require(check)
                return nil
            } catch {
                return Finding(service: check.service, key: check.key, message: error.message, hint: error.hint)
            }
        }
    }

    private func require(_ check: PreflightCheck) throws(SupervisorError) {
        switch check.requirement {
        case .model(let path): _ = try checkpoint(path)
        case .file(let path): try file(try resolve(path, bindings))
        case .executable(let program): try executable(program)
        case .listener(let host, let port): try listener(host, port, for: check.service)
        case .secret(let reference): _ = try secrets.value(reference, bindings)
        case .processors(let numbers): try processors(numbers)
        case .writableDirectory(let path): if let problem = Folder.problemWriting(to: try resolve(path, bindings)) { throw problem }
        case .memory(let model, let contextTokens, let slots, let limit): try memory(model, contextTokens, slots, limit)
        }
    }

    private func checkpoint(_ path: PlanPath) throws(SupervisorError) -> Checkpoint {
        let directory = try resolve(path, bindings)
        do throws(CheckpointError) {
            return try Checkpoint(directory: directory)
        } catch {
            throw SupervisorError("\(error.file): \(error.message)", hint: error.hint, exitCode: 66)
        }
    }

    private func file(_ path: String) throws(SupervisorError) {
        guard access(path, R_OK) == 0 else { throw .system("cannot read \(path)", errno: errno) }
    }

    private func executable(_ program: PlanValue) throws(SupervisorError) {
        let name: String
        do { name = try program.resolved(bindings) { _ throws(SupervisorError) in "" } } catch { throw SupervisorError("\(error)", exitCode: 78) }
        _ = try ProgramSearch.find(name, path: Launcher.cleanEnvironment["PATH"] ?? "", directory: bindings[.config] ?? "/")
    }

    private func listener(_ host: String, _ port: Int, for service: String) throws(SupervisorError) {
        let address = try SocketAddress(host: host, port: port)
        guard !listeners.holds(address) else { return }
        if let holder = PortHolder.holder(of: address) {
            let own = leaving.union([service]).reduce(into: Set<Int32>()) { $0.formUnion(members($1)) }
            if let pid = holder.pid, own.contains(pid) { return }
            throw ListenerPool.explain(EADDRINUSE, address)
        }
        switch Sockets.listenTCP(address) {
        case .success(let descriptor): close(descriptor)
        case .failure(let failure): throw ListenerPool.explain(failure.code, address)
        }
    }

    private func processors(_ numbers: [Int]) throws(SupervisorError) {
        let usable = try Processors.usable()
        let missing = numbers.filter { !usable.contains($0) }
        guard let first = missing.first else { return }
        let list = missing.map(String.init).joined(separator: ", ")
        throw SupervisorError(
            missing.count == 1 ? "there is no processor \(first) here" : "there are no processors \(list) here",
            hint: "the supervisor may use \(usable.sorted().map(String.init).joined(separator: ", "))", exitCode: 78)
    }

    private func memory(_ model: PlanPath, _ contextTokens: Int?, _ slots: Int, _ limit: Int?) throws(SupervisorError) {
        let checkpoint = try checkpoint(model)
        let context = contextTokens ?? checkpoint.configuration.maxPositions
        let estimate = checkpoint.memoryEstimate(contextTokens: context, slots: slots)
        guard let available = limit ?? ProcFS.memoryTotal else {
            throw SupervisorError("cannot read the machine's memory from /proc/meminfo", exitCode: 74)
        }
        guard estimate.total > available else { return }
        func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
        throw SupervisorError(
            "the model needs \(mebibytes(estimate.total)) (weights \(mebibytes(estimate.weights)), \(slots) contexts of \(context) tokens "
                + "\(mebibytes(estimate.keysAndValues)), overhead \(mebibytes(estimate.overhead))); \(mebibytes(available)) are allowed",
            hint: "lower contextWindow or cache_slots, or raise the memory limit", exitCode: 78)
    }
}
