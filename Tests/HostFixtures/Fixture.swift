import LaunchPlan

/// Services for tests.
package enum Fixture {
    package static func service(
        _ name: String = "worker", replace: ReplaceMode = .stopFirst, dependsOn: [String] = [], notifies: Bool = false, readiness: Bool = false,
        liveness: Bool = false, endpointPort: Int? = nil, leases: Bool = false, argument: String = "a",
        memory: Int? = nil, idle: IdlePolicy? = nil,
        restart: RestartPolicy = RestartPolicy(initialMs: 0, maxMs: 8000, resetAfterMs: 60_000, failures: 5, withinMs: 300_000, slowRetryMs: 100_000)
    ) -> Service {
        func probe(_ failures: Int) -> Probe {
            Probe(check: .tcp(at: .tcp(host: "127.0.0.1", port: 1)), periodMs: 1000, timeoutMs: 500, failures: failures, deadlineMs: nil)
        }
        return Service(
            name: name, role: leases ? .proxy : .worker, argv: ["/bin/program", .text(argument)],
            endpoint: endpointPort.map { .tcp(host: "127.0.0.1", port: $0) }, dependsOn: dependsOn, notifies: notifies,
            probes: Probes(readiness: readiness ? probe(2) : nil, liveness: liveness ? probe(3) : nil), restart: restart,
            stop: StopPolicy(timeoutMs: 5000), replace: replace, resources: Resources(memoryBytes: memory), leases: leases, idle: idle)
    }
}
