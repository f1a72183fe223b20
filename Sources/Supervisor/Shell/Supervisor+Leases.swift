import Control
import LaunchPlan

extension Supervisor {
    func lease(_ request: LeaseRequest, _ holder: LiveRun) {
        let lease = LeaseTable.Lease(holder: holder.unit, id: request.id)
        switch request.operation {
        case .release:
            leases.release(lease)
            leaveWhereUnused(request.service)
            if let outcome = request.outcome, core.change != nil { handle(.answered(service: request.service, failed: outcome == .failed)) }
        case .acquire:
            let reply = reply(to: lease, service: request.service)
            leases.acquire(lease, service: request.service, isReady: reply.endpoint != nil)
            holder.lease?.send(reply)
        }
        leasesChanged.insert(holder.unit)
        demandChanged(request.service)
    }

    func releaseLeases(of holder: Int) {
        let services = Set(leases.held(by: holder).values)
        leases.releaseAll(holder: holder)
        for service in services {
            demandChanged(service)
            leaveWhereUnused(service)
        }
    }

    /// What is on demand runs by its leases.
    private func demandChanged(_ service: String) {
        guard core.units.values.contains(where: { $0.name == service && $0.service.idle != nil }) else { return }
        let counts = leases.count(of: service)
        handle(.demand(service: service, held: counts.held, waiting: counts.waiting))
    }

    /// Those who wait for the service learn its new state.
    func answerLeases(for service: String) {
        for lease in leases.waiting(for: service) {
            let reply = reply(to: lease, service: service)
            if reply.endpoint != nil {
                leases.answered(lease)
                leasesChanged.insert(lease.holder)
            }
            live[lease.holder]?.lease?.send(reply)
        }
        demandChanged(service)
    }

    /// After an apply: those who wait for a service that it did not make wait in vain.
    func answerLeasesForNothing() {
        let known = Set(core.units.values.map(\.name))
        for service in leases.waitedFor.subtracting(known) { answerLeases(for: service) }
    }

    /// For the next supervisor; once for all that a batch of events changed.
    func saveLeases() {
        for unit in leasesChanged {
            guard let holder = live[unit] else { continue }
            let held = leases.held(by: unit)
            holder.record.leases = Dictionary(uniqueKeysWithValues: held.map { (String($0.key), $0.value) })
            holder.record.waitingLeases = held.keys.filter { leases.waiting.contains(.init(holder: unit, id: $0)) }.sorted()
            save(holder)
        }
        leasesChanged = []
    }

    /// Of a process that an earlier supervisor knew.
    func restoreLeases(_ holder: LiveRun) {
        for (text, service) in holder.record.leases {
            guard let id = Int(text) else { continue }
            leases.acquire(.init(holder: holder.unit, id: id), service: service, isReady: !holder.record.waitingLeases.contains(id))
        }
    }

    /// After all of them are restored: of services that were adopted later than those who use them, and of those that were not.
    func demandRestored() { for service in leases.heldServices { demandChanged(service) } }

    private func reply(to lease: LeaseTable.Lease, service: String) -> LeaseReply {
        guard let id = core.serving[service] ?? core.units.values.filter({ $0.name == service }).map(\.id).max(), let unit = core.units[id] else {
            // An apply under way may be about to make it; else nobody will.
            return LeaseReply(id: lease.id, state: core.change == nil ? .failed : .stopped, message: "there is no service \(service)")
        }
        let machine = unit.machine
        guard machine.state == .ready, !core.closed.contains(service), let endpoint = endpoint(of: id) else {
            let state = machine.state == .ready ? ServiceState.idle : machine.state
            let room = state == .idle ? "waits for room in the memory budget" : nil
            return LeaseReply(id: lease.id, state: state, message: room ?? machine.statusText ?? machine.problem)
        }
        return LeaseReply(id: lease.id, state: .ready, endpoint: endpoint)
    }

    func endpoint(of unit: Int) -> LeaseEndpoint? {
        guard let service = core.units[unit]?.service, let endpoint = service.endpoint else { return nil }
        switch endpoint {
        case .tcp(let host, let port): return .tcp(host: host, port: port)
        case .socket(let name):
            switch service.sockets.first(where: { $0.name == name })?.address {
            case .tcp(let host, let port)?: return .tcp(host: host, port: port)
            case .private?: return live[unit].map { .unix(path: $0.directory.socket(name)) }
            case nil: return nil
            }
        }
    }
}
