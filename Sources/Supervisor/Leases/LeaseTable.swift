import Control

/// Who holds a lease on what: `(holder, id) -> service`. The holder is a unit.
struct LeaseTable: Sendable {
    struct Lease: Hashable, Sendable {
        var holder: Int
        var id: Int
    }

    private(set) var services: [Lease: String] = [:]
    /// Those whose service has not been ready since they were asked for.
    private(set) var waiting: Set<Lease> = []

    mutating func acquire(_ lease: Lease, service: String, isReady: Bool) {
        services[lease] = service
        if isReady { waiting.remove(lease) } else { waiting.insert(lease) }
    }

    mutating func release(_ lease: Lease) {
        services[lease] = nil
        waiting.remove(lease)
    }

    mutating func releaseAll(holder: Int) {
        for lease in services.keys where lease.holder == holder { release(lease) }
    }

    mutating func answered(_ lease: Lease) { waiting.remove(lease) }

    var heldServices: Set<String> { Set(services.values) }

    /// Of clients that know where the service is, and of those that wait for it.
    func count(of service: String) -> (held: Int, waiting: Int) {
        let all = services.filter { $0.value == service }.map(\.key)
        let waiting = all.count { self.waiting.contains($0) }
        return (all.count - waiting, waiting)
    }

    /// Somebody was given the service's endpoint and may have a request in flight. Who still waits for it has none.
    func isInUse(_ service: String) -> Bool { count(of: service).held > 0 }

    func waiting(for service: String) -> [Lease] {
        waiting.filter { services[$0] == service }.sorted { ($0.holder, $0.id) < ($1.holder, $1.id) }
    }

    var waitedFor: Set<String> { Set(waiting.compactMap { services[$0] }) }

    func held(by holder: Int) -> [Int: String] {
        Dictionary(uniqueKeysWithValues: services.filter { $0.key.holder == holder }.map { ($0.key.id, $0.value) })
    }
}
