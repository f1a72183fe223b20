/// What the supervisor found of a plan's checks, in its own environment.
public struct PreflightReport: Codable, Sendable, Equatable {
    public var results: [PreflightResult]
    /// Nil where no service of the plan is asked about its memory.
    public var memory: MemoryAdmission?

    public init(results: [PreflightResult], memory: MemoryAdmission?) {
        self.results = results
        self.memory = memory
    }

    /// Nothing stands in the way of an apply; there may be warnings.
    public var holds: Bool { count(.error) == 0 }

    public func count(_ severity: PreflightFinding.Severity) -> Int {
        results.reduce(0) { $0 + $1.findings.count { $0.severity == severity } }
    }

    /// In one line.
    public var summary: String {
        let (errors, warnings) = (count(.error), count(.warning))
        let failed = results.count { $0.severity == .error }
        let hold = "\(results.count - failed) of \(results.count) checks hold"
        guard errors + warnings > 0 else { return "all \(results.count) checks hold" }
        let parts = [
            errors > 0 ? "\(errors) error\(errors == 1 ? "" : "s")" : nil, warnings > 0 ? "\(warnings) warning\(warnings == 1 ? "" : "s")" : nil,
        ]
        return "\(hold), \(parts.compactMap { $0 }.joined(separator: ", "))"
    }

    /// All findings with the check that they are of, errors first, else in the plan's order.
    public var findings: [(result: PreflightResult, finding: PreflightFinding)] {
        let all = results.flatMap { result in result.findings.map { (result, $0) } }
        return all.filter { $0.1.severity == .error } + all.filter { $0.1.severity != .error }
    }
}

/// One check and what was found. Without findings it holds.
public struct PreflightResult: Codable, Sendable, Equatable {
    public var service: String
    /// The configuration key that asks for it.
    public var key: String
    /// What must hold, in words.
    public var check: String
    public var findings: [PreflightFinding]

    public init(service: String, key: String, check: String, findings: [PreflightFinding] = []) {
        self.service = service
        self.key = key
        self.check = check
        self.findings = findings
    }

    /// The gravest; nil where it holds.
    public var severity: PreflightFinding.Severity? {
        findings.contains { $0.severity == .error } ? .error : findings.isEmpty ? nil : .warning
    }
}

public struct PreflightFinding: Codable, Sendable, Equatable {
    public enum Severity: String, Codable, Sendable {
        /// The plan cannot be applied.
        case error
        /// It can be, and something of it will not be as wished.
        case warning
    }
    public var severity: Severity
    /// Lower case, without a full stop.
    public var message: String
    public var hint: String?

    public init(_ severity: Severity, _ message: String, hint: String? = nil) {
        self.severity = severity
        self.message = message
        self.hint = hint
    }
}
