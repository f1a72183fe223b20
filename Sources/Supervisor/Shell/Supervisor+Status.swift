import Control
import Glibc
import Host
import LaunchPlan

extension Supervisor {
    func status() -> StatusReport {
        // One line for each service: the unit that is meant, or the newest where none serves.
        let names = Set(core.units.values.map(\.name)).sorted()
        let shown = names.compactMap { name -> Core.Unit? in
            core.serving[name].flatMap { core.units[$0] } ?? core.units.values.filter { $0.name == name }.max { $0.id < $1.id }
        }
        return StatusReport(
            version: Version.current, instance: instance.name, pid: Int(getpid()), startedMs: startedAt, generation: generation?.number,
            planId: generation?.planId,
            busy: session != nil, configDirectory: generation?.bindings[PlanPath.Root.config.rawValue],
            endsWithLastClient: endsWithLastClient, services: shown.map(serviceStatus))
    }

    func serviceStatus(_ unit: Core.Unit) -> ServiceStatus {
        let machine = unit.machine
        let live = live[unit.id]
        return ServiceStatus(
            name: unit.name, role: unit.service.role.rawValue, state: unit.isLeaving ? .stopping : machine.state, pid: live.map { Int($0.pid) },
            uptimeMs: live?.uptimeMs, restarts: max(0, machine.starts - 1), lastExit: machine.lastExit?.description,
            message: unit.isLeaving
                ? "ends with its last answer" : machine.state == .ready ? machine.statusText : machine.problem ?? machine.statusText,
            endpoint: machine.state == .ready ? endpoint(of: unit.id).map(Self.text) : nil,
            privateSocket: live.flatMap { Self.privateSocket(of: unit.service, $0.directory) })
    }

    private static func privateSocket(of service: Service, _ directory: RunDirectory) -> String? {
        service.sockets.first { if case .private = $0.address { true } else { false } }.map { directory.socket($0.name) }
    }

    private static func text(_ endpoint: LeaseEndpoint) -> String {
        switch endpoint {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// STATUS= of the unit.
    func reportStatusToSystemd() {
        let machines = core.units.values.filter { !$0.retiring }.map(\.machine)
        let ready = machines.filter { $0.phase == .ready }.count
        let what = session.map { " (\($0.command))" } ?? ""
        let number = generation.map { "generation \($0.number), " } ?? ""
        systemd.status("\(number)\(ready) of \(machines.count) services ready\(what)")
    }
}
