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
    /// Services of which two instances would run, since they run now and the plan exchanges them by overlap.
    var replaced: Set<String> = []
    /// Folders that a service writes to are made; otherwise it is only looked whether they could be.
    var makesFolders = false
    var machine = MachineMemory.current

    /// Every check of the plan, in its order, with what was found.
    func report(_ plan: LaunchPlan) -> PreflightReport {
        var results = plan.preflight.map { check in
            PreflightResult(service: check.service, key: check.key, check: check.text, findings: findings(check, plan))
        }
        // These are about several services at once.
        let memory = admission(plan)
        for (index, finding) in memoryFindings(memory, plan) + diskFindings(plan) { results[index].findings.append(finding) }
        return PreflightReport(results: results, memory: memory)
    }

    private func findings(_ check: PreflightCheck, _ plan: LaunchPlan) -> [PreflightFinding] {
        do throws(SupervisorError) {
            switch check.requirement {
            case .model(let path): _ = try checkpoint(path)
            case .file(let path): try file(try resolve(path, bindings))
            case .executable(let program): _ = try find(program)
            case .listener(let host, let port): try listener(host, port, for: check.service)
            case .secret(let reference): _ = try secrets.value(reference, bindings)
            case .processors(let numbers): try processors(numbers)
            case .writableDirectory(let path): try writable(try resolve(path, bindings))
            case .memory(let model, _, _, _, let reading):
                if machine == nil, model != nil, reading != .files {
                    throw SupervisorError("cannot read the machine's memory from /proc/meminfo", exitCode: 74)
                }
            case .diskSpace: break
            case .mlxTextgen(let program, let model): return textgen(program, model, of: plan.service(named: check.service))
            case .mlxLM(let program): return mlxLM(program, of: plan.service(named: check.service))
            }
            return []
        } catch {
            return [PreflightFinding(.error, error.message, hint: error.hint)]
        }
    }

    func checkpoint(_ path: PlanPath) throws(SupervisorError) -> Checkpoint {
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

    /// The program's path.
    func find(_ program: PlanValue) throws(SupervisorError) -> String {
        let name: String
        do { name = try program.resolved(bindings) { _ throws(SupervisorError) in "" } } catch { throw SupervisorError("\(error)", exitCode: 78) }
        return try ProgramSearch.find(name, path: Launcher.cleanEnvironment["PATH"] ?? "", directory: bindings[.config] ?? "/")
    }

    private func listener(_ host: String, _ port: Int, for service: String) throws(SupervisorError) {
        let address = try SocketAddress(host: host, port: port)
        guard !listeners.holds(address) else { return }
        switch Sockets.listenTCP(address) {
        case .success(let descriptor): close(descriptor)
        case .failure(let failure):
            // Asked only now: the kernel's list of all sockets takes milliseconds.
            let own = leaving.union([service]).reduce(into: Set<Int32>()) { $0.formUnion(members($1)) }
            if failure.code == EADDRINUSE, let pid = PortHolder.holder(of: address)?.pid, own.contains(pid) { return }
            throw ListenerPool.explain(failure.code, address)
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

    private func writable(_ path: String) throws(SupervisorError) {
        if let problem = makesFolders ? Folder.problemWriting(to: path) : Folder.problemMaking(path) { throw problem }
    }

    private func diskFindings(_ plan: LaunchPlan) -> [(index: Int, finding: PreflightFinding)] {
        var indices: [Int] = []
        var stores: [(store: StoreSpace.Store, on: StoreSpace.FileSystem)] = []
        for (index, check) in plan.preflight.enumerated() {
            guard case .diskSpace(let path, let bytes) = check.requirement, let resolved = try? resolve(path, bindings),
                let system = StoreSpace.fileSystem(of: resolved)
            else { continue }
            indices.append(index)
            stores.append((StoreSpace.Store(service: check.service, path: resolved, bytes: bytes, held: StoreSpace.held(at: resolved)), system))
        }
        return StoreSpace.findings(stores).map { (indices[$0.index], $0.finding) }
    }
}
