import Host
import LaunchPlan

extension Supervisor {
    func probe(_ unit: Int, _ run: Int, _ kind: ProbeKind) {
        guard let live = live(unit, run), live.probes[kind] == nil, let machine = core.units[unit]?.machine else { return }
        let service = machine.service
        guard machine.asks(kind, leased: leases.isInUse(service.name)) else { return handle(unit, .deferred(run: run, kind)) }
        let probe =
            switch kind {
            case .startup: service.probes.startup
            case .readiness: service.probes.readiness
            case .liveness: service.probes.liveness
            }
        guard let probe else { return }
        let roots = roots(of: unit)
        do throws(OperationError) {
            let target = try ProbeTarget.resolve(
                probe.check, address: { endpoint throws(OperationError) in try self.address(endpoint, service, live.directory) },
                command: { argv throws(OperationError) in
                    var request = try self.launcher.command(argv, service, roots, self.secrets(of: unit), live.directory)
                    // The run is not told apart from its probes by this variable alone: a probe must not count as one of its processes.
                    request.environment[Membership.variable] = nil
                    request.diesWithSupervisor = true
                    return request
                })
            let attempt = ProbeAttempt(
                loop: loop, reaper: reaper, target: target, timeoutMs: probe.timeoutMs, isPatient: machine.phase != .starting
            ) { [unowned self] result in
                live.probes[kind] = nil
                self.handle(unit, .probed(run: run, kind, result, leased: self.leases.isInUse(service.name)))
            }
            live.probes[kind] = attempt
            attempt.start()
        } catch {
            handle(unit, .probed(run: run, kind, .failed(reason: error.message, timedOut: false), leased: false))
        }
    }

    /// Where an endpoint of this very run is.
    func address(_ endpoint: Endpoint, _ service: Service, _ directory: RunDirectory) throws(OperationError) -> SocketAddress {
        switch endpoint {
        case .tcp(let host, let port): return try listeners.address(host: host, port: port)
        case .socket(let name):
            guard let socket = service.sockets.first(where: { $0.name == name }) else {
                throw OperationError("\(service.name) has no socket `\(name)`", exitCode: 78)
            }
            switch socket.address {
            case .tcp(let host, let port): return try listeners.address(host: host, port: port)
            case .private:
                guard let address = SocketAddress(unix: directory.socket(name)) else {
                    throw OperationError("the path of the socket `\(name)` is too long: \(directory.socket(name))", exitCode: 73)
                }
                return address
            }
        }
    }
}
