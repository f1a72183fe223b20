/// The numbers of a plan within what a supervisor and units of systemd can calculate with: a plan may come from anywhere.
package enum PlanLimits {
    /// Longer than the language of the configuration allows for anything; sums of many stay far from 64 bits.
    package static let longestMs = 366 * 86_400_000
    static let largestBytes = 1 << 50
    static let largestCount = 1 << 20
    /// The highest number that Linux gives a processor on any architecture.
    static let largestProcessor = 8191
    static let largestTokens = 1 << 30

    package static func problem(_ plan: LaunchPlan) -> String? {
        first(of: [
            ("probation_ms", plan.probationMs, 0...longestMs), ("memory_budget_bytes", plan.memoryBudgetBytes, 0...largestBytes),
        ])
    }

    package static func problem(_ service: Service) -> String? {
        let restart = service.restart
        let limits: [(String, Int?, ClosedRange<Int>)] = [
            ("restart.initial_ms", restart.initialMs, 0...longestMs), ("restart.max_ms", restart.maxMs, 0...longestMs),
            ("restart.reset_after_ms", restart.resetAfterMs, 0...longestMs), ("restart.within_ms", restart.withinMs, 0...longestMs),
            ("restart.slow_retry_ms", restart.slowRetryMs, 1...longestMs), ("restart.failures", restart.failures, 0...largestCount),
            ("stop.timeout_ms", service.stop.timeoutMs, 0...longestMs), ("idle.stop_after_ms", service.idle?.stopAfterMs, 1...longestMs),
            ("logs.max_bytes", service.logs.maxBytes, 1...largestBytes),
            ("logs.max_files", service.logs.maxFiles, 0...1000), ("resources.memory_bytes", service.resources.memoryBytes, 0...largestBytes),
        ]
        let probes = [("startup", service.probes.startup), ("readiness", service.probes.readiness), ("liveness", service.probes.liveness)]
        let ofProbes = probes.flatMap { name, probe -> [(String, Int?, ClosedRange<Int>)] in
            guard let probe else { return [] }
            return [
                // A probe without a pause would keep the supervisor for itself.
                ("probes.\(name).period_ms", probe.periodMs, 1...longestMs), ("probes.\(name).timeout_ms", probe.timeoutMs, 1...longestMs),
                ("probes.\(name).failures", probe.failures, 1...largestCount), ("probes.\(name).deadline_ms", probe.deadlineMs, 1...longestMs),
            ]
        }
        let processors = (service.resources.cpus ?? []).map { ("resources.cpus", Optional($0), 0...largestProcessor) }
        return first(of: limits + ofProbes + processors).map { "\(service.name): \($0)" }
    }

    package static func problem(_ check: PreflightCheck) -> String? {
        let limits: [(String, Int?, ClosedRange<Int>)]
        switch check.requirement {
        case .memory(_, let tokens, let slots, let limit, _):
            limits = [("context_tokens", tokens, 1...largestTokens), ("slots", slots, 0...largestCount), ("limit_bytes", limit, 0...largestBytes)]
        case .diskSpace(_, let bytes): limits = [("bytes", bytes, 0...largestBytes)]
        case .processors(let numbers): limits = numbers.map { ("numbers", $0, 0...largestProcessor) }
        case .model, .file, .executable, .listener, .secret, .writableDirectory, .mlxTextgen, .mlxLM: limits = []
        }
        return first(of: limits).map { "\(check.key): \($0)" }
    }

    private static func first(of limits: [(String, Int?, ClosedRange<Int>)]) -> String? {
        for case (let name, let value?, let range) in limits where !range.contains(value) {
            return "`\(name)` is \(value), outside \(range.lowerBound)...\(range.upperBound)"
        }
        return nil
    }
}
