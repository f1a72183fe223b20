import CProcess
import Glibc
import Host
import JSON
import LaunchPlan

/// From a service of the plan to a process: resolves paths and secrets, writes files, opens what is passed.
struct Launcher {
    let instance: String
    let runtime: String
    let logs: String

    /// What a start has opened, until it succeeded.
    struct Prepared {
        var directory: RunDirectory
        var request: SpawnRequest
        var notify: CInt
        /// The supervisor's ends.
        var output: CInt
        var lease: CInt?
        /// To be closed when the process has its copies.
        var borrowed: [CInt]
        var group: ControlGroup?

        mutating func place(in group: ControlGroup) throws(OperationError) {
            request.controlGroup = try group.open()
            borrowed.append(request.controlGroup)
            self.group = group
        }

        func abandon() {
            for descriptor in borrowed + [notify, output] + (lease.map { [$0] } ?? []) { close(descriptor) }
            group?.remove()
            Folder.remove(directory.path)
        }
    }

    func prepare(_ service: Service, bindings: PlanPath.Bindings, secrets: SecretStore, listeners: ListenerPool) throws(OperationError) -> Prepared {
        let directory = try RunDirectory.make(runtime: runtime, service: service.name)
        // Closed where the start fails: what the process gets, and the supervisor's own ends.
        var opened: [CInt] = []
        var own: [CInt] = []
        do throws(OperationError) {
            try writeFiles(service, bindings, secrets)
            var request = try command(service.argv, service, bindings, secrets, directory)
            var passed = try sockets(of: service, directory, listeners, &opened)
            if let settings = service.settings { passed.append(try sealed(DescriptorName.settings, document(settings, service, bindings), &opened)) }
            if service.settings != nil || !service.secrets.isEmpty {
                passed.append(try sealed(DescriptorName.secrets, values(service.secrets, bindings, secrets), &opened))
            }
            var lease: CInt?
            if service.leases {
                let (kept, theirs) = try Sockets.pair()
                opened += [theirs, kept]
                clearNonBlocking(theirs)
                passed += [(DescriptorName.lease, theirs), (DescriptorName.leaseKeeper, kept)]
                let copy = fcntl(kept, F_DUPFD_CLOEXEC, 3)
                guard copy >= 0 else { throw .system("cannot keep the lease channel of \(service.name)", errno: errno) }
                own.append(copy)
                lease = copy
            }
            let notify = try Sockets.notifySocket(directory.notify)
            own.append(notify)
            let (read, write) = try outputPipe(directory)
            opened.append(write)
            request.output = write
            request.descriptors = passed
            return Prepared(directory: directory, request: request, notify: notify, output: read, lease: lease, borrowed: opened)
        } catch {
            for descriptor in opened + own { close(descriptor) }
            Folder.remove(directory.path)
            throw error
        }
    }

    /// A program with the service's arguments, environment and working directory; used for the service and for its exec probes.
    func command(
        _ argv: [PlanValue], _ service: Service, _ bindings: PlanPath.Bindings, _ secrets: SecretStore, _ directory: RunDirectory
    ) throws(OperationError) -> SpawnRequest {
        var environment = ServiceEnvironment.clean
        for (name, value) in service.environment { environment[name] = try text(value, bindings, secrets) }
        environment["NOTIFY_SOCKET"] = directory.notify
        environment[Membership.variable] = directory.path
        var arguments: [String] = []
        for value in argv { arguments.append(try text(value, bindings, secrets)) }
        guard let name = arguments.first, !name.isEmpty else { throw OperationError("the service \(service.name) has no program", exitCode: 78) }
        let working = try service.directory.map { path throws(OperationError) in try resolve(path, bindings) } ?? bindings[.config] ?? "/"
        let program = try ProgramSearch.find(name, path: environment["PATH"] ?? "", directory: working)
        return SpawnRequest(
            program: program, arguments: arguments, environment: environment, directory: working, output: -1,
            processors: service.resources.cpus ?? [])
    }

    private func text(_ value: PlanValue, _ bindings: PlanPath.Bindings, _ secrets: SecretStore) throws(OperationError) -> String {
        do {
            return try value.resolved(bindings) { reference throws(OperationError) in try secrets.value(reference, bindings) }
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError("\(error)", exitCode: 78)
        }
    }

    private func writeFiles(_ service: Service, _ bindings: PlanPath.Bindings, _ secrets: SecretStore) throws(OperationError) {
        for file in service.files {
            let path = try resolve(file.path, bindings)
            var contents = ""
            for part in file.contents { contents += try text(part, bindings, secrets) }
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try Folder.make(String(path[..<slash])) }
            try AtomicFile.write(Array(contents.utf8), to: path)
        }
    }

    private func sockets(
        of service: Service, _ directory: RunDirectory, _ listeners: ListenerPool, _ opened: inout [CInt]
    ) throws(OperationError) -> [(name: String, descriptor: CInt)] {
        var passed: [(name: String, descriptor: CInt)] = []
        for socket in service.sockets {
            switch socket.address {
            case .tcp(let host, let port): passed.append((socket.name, try listeners.descriptor(host: host, port: port)))
            case .private:
                let descriptor = try Sockets.listenUnix(directory.socket(socket.name))
                opened.append(descriptor)
                passed.append((socket.name, descriptor))
            }
        }
        return passed
    }

    private func document(_ settings: JSON, _ service: Service, _ bindings: PlanPath.Bindings) throws(OperationError) -> JSON {
        try encoded(ServiceSettings(instance: instance, service: service.name, bindings: bindings, settings: settings))
    }

    private func values(
        _ references: [String: SecretReference], _ bindings: PlanPath.Bindings, _ secrets: SecretStore
    ) throws(OperationError) -> JSON {
        var object = JSONObject()
        for (id, reference) in references.sorted(by: { $0.key < $1.key }) { object[id] = .string(try secrets.value(reference, bindings)) }
        return .object(object)
    }

    private func sealed(_ name: String, _ document: JSON, _ opened: inout [CInt]) throws(OperationError) -> (name: String, descriptor: CInt) {
        let descriptor = try SealedMemory.make(name, document.bytes)
        opened.append(descriptor)
        return (name, descriptor)
    }

    /// The FIFO's reading end for the supervisor, and an end for reading and writing that the process gets.
    private func outputPipe(_ directory: RunDirectory) throws(OperationError) -> (read: CInt, write: CInt) {
        guard mkfifo(directory.output, 0o600) == 0 else { throw .system("cannot make \(directory.output)", errno: errno, exitCode: 73) }
        let read = try Self.openOutput(directory)
        let write = open(directory.output, O_RDWR | O_CLOEXEC)
        guard write >= 0 else {
            let code = errno
            close(read)
            throw .system("cannot open \(directory.output)", errno: code)
        }
        return (read, write)
    }

    static func openOutput(_ directory: RunDirectory) throws(OperationError) -> CInt {
        let read = open(directory.output, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard read >= 0 else { throw .system("cannot open \(directory.output)", errno: errno) }
        // More room for output while no supervisor reads; the default stays where the user's limit is used up.
        _ = cprocess_widen_pipe(read, 1 << 20)
        return read
    }

    /// Our own services expect blocking reads on what is not a listener.
    private func clearNonBlocking(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    }
}
