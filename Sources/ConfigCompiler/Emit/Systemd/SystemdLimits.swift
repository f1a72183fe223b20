import LaunchPlan

/// The numbers of a plan within what units can say and what can be calculated with: a plan may come from anywhere. As the supervisor has them.
enum SystemdLimits {
    private static let longestMs = 366 * 86_400_000
    private static let largestCount = 1 << 20

    static func check(_ service: Service) throws(EmitError) {
        var limits: [(String, Int?, ClosedRange<Int>)] = [
            ("restart.initial_ms", service.restart.initialMs, 0...longestMs), ("restart.within_ms", service.restart.withinMs, 0...longestMs),
            ("restart.failures", service.restart.failures, 0...largestCount), ("stop.timeout_ms", service.stop.timeoutMs, 0...longestMs),
            ("resources.memory_bytes", service.resources.memoryBytes, 0...1 << 50),
        ]
        for (name, probe) in [("startup", service.probes.startup), ("readiness", service.probes.readiness)] {
            limits += [
                ("probes.\(name).period_ms", probe?.periodMs, 1...longestMs), ("probes.\(name).timeout_ms", probe?.timeoutMs, 1...longestMs),
                ("probes.\(name).deadline_ms", probe?.deadlineMs, 1...longestMs),
            ]
        }
        // The highest number that Linux gives a processor on any architecture.
        limits += (service.resources.cpus ?? []).map { ("resources.cpus", $0, 0...8191) }
        for case (let name, let value?, let range) in limits where !range.contains(value) {
            throw EmitError(
                "`\(name)` of \(service.name) is \(value), outside \(range.lowerBound)...\(range.upperBound)",
                hint: "make the plan again with `anyclaude plan --out FILE`")
        }
    }
}
