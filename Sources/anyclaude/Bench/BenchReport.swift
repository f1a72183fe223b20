import JSON

/// What a bench measured, and what it means by the criteria of the migration's design: a first request within 60 s, the next within 5 s.
struct BenchReport {
    enum Step: String, CaseIterable {
        case first
        case followUp = "follow-up"
        case afterRestart = "after restart"
    }
    struct Row {
        /// The wanted tokens of the first prompt.
        var size: Int
        var step: Step
        var promptTokens: Int
        var cachedTokens: Int
        var answerTokens: Int
        /// To the model's first word; nil where it said none.
        var firstWordMs: Int?
        var totalMs: Int
        /// In the provider's currency, where it says it.
        var cost: Double?

        /// Computed prompt tokens for each second until the first word.
        var promptRate: Double? { Self.rate(promptTokens - cachedTokens, firstWordMs) }
        /// Tokens for each second after the first word.
        var answerRate: Double? { firstWordMs.flatMap { Self.rate(answerTokens - 1, totalMs - $0) } }

        private static func rate(_ tokens: Int, _ ms: Int?) -> Double? {
            guard let ms, ms > 0, tokens > 0 else { return nil }
            return Double(tokens) * 1000 / Double(ms)
        }
    }
    struct Criterion {
        var name: String
        var limitMs: Int
        /// Nil where nothing was measured.
        var worst: Row?
        var holds: Bool { worst.map { $0.totalMs <= limitMs } ?? true }
    }
    static let firstLimitMs = 60_000
    static let followUpLimitMs = 5_000

    var backend: String
    var model: String
    var rows: [Row] = []
    var skipped: [(size: Int, reason: String)] = []
    /// Why no restart was measured; nil where one was.
    var noRestart: String?

    var criteria: [Criterion] {
        func worst(_ steps: Set<Step>) -> Row? { rows.filter { steps.contains($0.step) }.max { $0.totalMs < $1.totalMs } }
        return [
            Criterion(name: "first request", limitMs: Self.firstLimitMs, worst: worst([.first])),
            Criterion(name: "follow-up", limitMs: Self.followUpLimitMs, worst: worst([.followUp, .afterRestart])),
        ]
    }
    /// Something was measured, and it is within the criteria.
    var holds: Bool { !rows.isEmpty && criteria.allSatisfy(\.holds) }

    static func name(of size: Int) -> String { size % 1024 == 0 ? "\(size / 1024)k" : String(size) }

    // MARK: for people

    func lines(_ style: Style) -> [String] {
        var table = Table(["PROMPT", "REQUEST", "TOKENS", "CACHED", "FIRST TOKEN", "ALL", "PREFILL/S", "ANSWER", "TOKENS/S", "COST"], style: style)
        for row in rows {
            table.add(
                Self.name(of: row.size), row.step.rawValue, String(row.promptTokens), String(row.cachedTokens),
                row.firstWordMs.map(Text.duration(milliseconds:)) ?? "-", Text.duration(milliseconds: row.totalMs), Self.rate(row.promptRate),
                String(row.answerTokens), Self.rate(row.answerRate), row.cost.map { "\($0)" } ?? "-")
        }
        var lines = table.lines
        lines += skipped.map { style.dim("\(Self.name(of: $0.size)): skipped, \($0.reason)") }
        if let noRestart { lines.append(style.dim("no restart was measured: \(noRestart)")) }
        for criterion in criteria {
            guard let worst = criterion.worst else { continue }
            let what = "\(criterion.name) within \(Text.duration(milliseconds: criterion.limitMs))"
            let found = "\(Text.duration(milliseconds: worst.totalMs)) at \(Self.name(of: worst.size)), \(worst.step.rawValue)"
            lines.append(criterion.holds ? style.good("✔ \(what): at most \(found)") : style.error("✘ \(what): \(found)"))
        }
        return lines
    }

    private static func rate(_ value: Double?) -> String { value.map { String(Int($0.rounded())) } ?? "-" }

    // MARK: for programs

    var json: JSON {
        func rounded(_ value: Double?) -> JSON { value.map { .double(($0 * 100).rounded() / 100) } ?? .null }
        let runs = rows.map { row -> JSON in
            [
                "size": .integer(row.size), "request": .string(row.step.rawValue), "prompt_tokens": .integer(row.promptTokens),
                "cached_tokens": .integer(row.cachedTokens), "answer_tokens": .integer(row.answerTokens),
                "first_token_ms": row.firstWordMs.map(JSON.integer) ?? .null, "total_ms": .integer(row.totalMs),
                "prompt_tokens_per_second": rounded(row.promptRate), "answer_tokens_per_second": rounded(row.answerRate),
                "cost": row.cost.map(JSON.double) ?? .null,
            ]
        }
        let verdict = criteria.map { criterion -> JSON in
            [
                "criterion": .string(criterion.name), "limit_ms": .integer(criterion.limitMs),
                "worst_ms": criterion.worst.map { .integer($0.totalMs) } ?? .null, "holds": .bool(criterion.holds),
            ]
        }
        return [
            "backend": .string(backend), "model": .string(model), "runs": .array(runs),
            "skipped": .array(skipped.map { ["size": .integer($0.size), "reason": .string($0.reason)] }),
            "no_restart": noRestart.map(JSON.string) ?? .null, "verdict": .array(verdict), "holds": .bool(holds),
        ]
    }
}
