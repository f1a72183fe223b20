import Checkpoint
import Control
import Glibc
import Host
import LaunchPlan

/// What must hold on this machine before anything is touched, looked at once.
package struct Preflight {
    let bindings: PlanPath.Bindings
    let secrets: SecretStore
    let isListening: (SocketAddress) -> Bool
    let members: (String) -> Set<Int32>
    let leaving: Set<String>
    let replaced: Set<String>
    let makesFolders: Bool
    var machine = MachineMemory.current
    let checkpoints = CheckpointCache()

    /// - Parameters:
    ///   - isListening: whether whoever asks has the listener already, and would pass it on.
    ///   - members: the processes of a service that runs now: what they hold is theirs to hold.
    ///   - leaving: services that the plan stops before it starts others.
    ///   - replaced: services of which two instances would run, since they run now and the plan exchanges them by overlap.
    ///   - makesFolders: folders that a service writes to are made; otherwise it is only looked whether they could be.
    package init(
        bindings: PlanPath.Bindings, secrets: SecretStore, isListening: @escaping (SocketAddress) -> Bool = { _ in false },
        members: @escaping (String) -> Set<Int32>, leaving: Set<String>, replaced: Set<String> = [], makesFolders: Bool = false
    ) {
        self.bindings = bindings
        self.secrets = secrets
        self.isListening = isListening
        self.members = members
        self.leaving = leaving
        self.replaced = replaced
        self.makesFolders = makesFolders
    }

    /// Every check of the plan, in its order, with what was found; then what no key of the plan asks for, where it does not hold.
    package func report(_ plan: LaunchPlan) -> PreflightReport {
        var results = plan.preflight.map { check in
            PreflightResult(service: check.service, key: check.key, check: check.text, findings: findings(check, plan))
        }
        // These are about several services at once.
        let memory = admission(plan)
        for (index, finding) in memoryFindings(memory, plan) + diskFindings(plan) { results[index].findings.append(finding) }
        if let runtime = bindings[.runtime] { results += RuntimePath.results(plan, runtime: runtime) }
        return PreflightReport(results: results, memory: memory)
    }

    /// The same, and whether the request's plan was made for what is current.
    package func report(_ plan: LaunchPlan, _ request: ApplyRequest, current: Staleness.Current?) -> PreflightReport {
        var report = report(plan)
        if let stale = Staleness.result(request, current: current) { report.results.append(stale) }
        return report
    }

    private func findings(_ check: PreflightCheck, _ plan: LaunchPlan) -> [PreflightFinding] {
        do throws(OperationError) {
            switch check.requirement {
            case .model(let path): _ = try checkpoint(path)
            case .file(let path): try file(try resolve(path, bindings))
            case .executable(let program): _ = try find(program, for: plan.service(named: check.service))
            case .listener(let host, let port): try listener(host, port, for: check.service)
            case .secret(let reference): _ = try secrets.value(reference, bindings)
            case .processors(let numbers): try processors(numbers)
            case .writableDirectory(let path): try writable(try resolve(path, bindings))
            case .memory(let model, _, _, _, let reading):
                if machine == nil, model != nil, reading != .files {
                    throw OperationError("cannot read the machine's memory from /proc/meminfo", exitCode: 74)
                }
            case .diskSpace: break
            case .mlxTextgen(let program, let model):
                let service = plan.service(named: check.service)
                return textgen(program, model, of: service) + store(of: service)
            case .mlxLM(let program): return mlxLM(program, of: plan.service(named: check.service))
            }
            return []
        } catch {
            return [PreflightFinding(.error, error.message, hint: error.hint)]
        }
    }

    func checkpoint(_ path: PlanPath) throws(OperationError) -> Checkpoint {
        let directory = try resolve(path, bindings)
        do throws(CheckpointError) {
            return try checkpoints.open(directory)
        } catch {
            throw OperationError("\(error.file): \(error.message)", hint: error.hint, exitCode: 66)
        }
    }

    private func file(_ path: String) throws(OperationError) {
        guard access(path, R_OK) == 0 else { throw .system("cannot read \(path)", errno: errno) }
    }

    /// The program's path, as the start of the service finds it.
    func find(_ program: PlanValue, for service: Service?) throws(OperationError) -> String {
        let name: String
        do { name = try program.resolved(bindings) { _ throws(OperationError) in "" } } catch { throw OperationError("\(error)", exitCode: 78) }
        let directory = try service?.directory.map { path throws(OperationError) in try resolve(path, bindings) }
        return try ProgramSearch.find(name, path: variable("PATH", of: service) ?? "", directory: directory ?? bindings[.config] ?? "/")
    }

    /// A variable as the service will see it; nil where it is not set, or a secret.
    func variable(_ name: String, of service: Service?) -> String? {
        guard let value = service?.environment[name] else { return ServiceEnvironment.clean[name] }
        return try? value.resolved(bindings) { _ throws(OperationError) in throw OperationError("a secret", exitCode: 78) }
    }

    private func listener(_ host: String, _ port: Int, for service: String) throws(OperationError) {
        let address = try SocketAddress(host: host, port: port)
        guard !isListening(address) else { return }
        switch Sockets.listenTCP(address) {
        case .success(let descriptor): close(descriptor)
        case .failure(let failure):
            // Asked only now: the kernel's list of all sockets takes milliseconds.
            let own = leaving.union([service]).reduce(into: Set<Int32>()) { $0.formUnion(members($1)) }
            if failure.code == EADDRINUSE, !own.isEmpty, PortHolder.isHeld(address, by: own) { return }
            throw failure.explained(address)
        }
    }

    private func processors(_ numbers: [Int]) throws(OperationError) {
        let usable = try Processors.usable()
        let missing = numbers.filter { !usable.contains($0) }
        guard let first = missing.first else { return }
        let list = missing.map(String.init).joined(separator: ", ")
        throw OperationError(
            missing.count == 1 ? "there is no processor \(first) here" : "there are no processors \(list) here",
            hint: "the supervisor may use \(usable.sorted().map(String.init).joined(separator: ", "))", exitCode: 78)
    }

    private func writable(_ path: String) throws(OperationError) {
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
            stores.append((StoreSpace.Store(service: check.service, path: resolved, bytes: bytes), system))
        }
        return StoreSpace.findings(stores, held: { StoreSpace.held(at: $0.path) }).map { (indices[$0.index], $0.finding) }
    }
}
