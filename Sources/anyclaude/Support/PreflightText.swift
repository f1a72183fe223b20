import LaunchPlan

/// What a plan's checks found, for people.
struct PreflightText {
    let style: Style

    /// Every check, holding or not, and the memory's sum.
    func lines(_ report: PreflightReport) -> [String] {
        let width = report.results.map(\.service.count).max() ?? 0
        return report.results.flatMap { result in
            [
                "  \(mark(result.severity)) \(Text.line(result.service).padding(to: width))  \(Text.line(result.check))  \(style.dim("(\(Text.line(result.key)))"))"
            ]
                + result.findings.flatMap { details($0, indent: width + 6) }
        } + memory(report.memory)
    }

    /// What does not hold, and the sum where memory is a part of it.
    func findings(_ report: PreflightReport) -> [String] {
        let lines = report.findings.flatMap { result, finding in
            ["\(mark(finding.severity)) \(Text.line(result.key)): \(Text.line(finding.message))"] + hint(finding, indent: 2)
        }
        let isAboutMemory = report.results.contains { result in result.isAboutMemory && !result.findings.isEmpty }
        return lines + (isAboutMemory ? memory(report.memory) : [])
    }

    /// The checks of a plan that could not be asked about.
    func lines(unchecked checks: [PreflightCheck]) -> [String] {
        let width = checks.map(\.service.count).max() ?? 0
        return checks.map { "  ? \(Text.line($0.service).padding(to: width))  \(Text.line($0.text))  \(style.dim("(\(Text.line($0.key)))"))" }
    }

    private func details(_ finding: PreflightFinding, indent: Int) -> [String] {
        let space = String(repeating: " ", count: indent)
        return [space + paint(finding.severity, Text.line(finding.message))] + hint(finding, indent: indent)
    }

    private func hint(_ finding: PreflightFinding, indent: Int) -> [String] {
        finding.hint.map { ["\(String(repeating: " ", count: indent))\(style.hint("hint")): \(Text.line($0))"] } ?? []
    }

    private func mark(_ severity: PreflightFinding.Severity?) -> String {
        switch severity {
        case nil: style.good("✔")
        case .warning: style.warning("!")
        case .error: style.error("✘")
        }
    }

    private func paint(_ severity: PreflightFinding.Severity, _ text: String) -> String {
        severity == .error ? style.error(text) : style.warning(text)
    }

    // MARK: memory

    /// The sum: a row for each service, the whole, and what is needed while services are exchanged.
    func memory(_ admission: MemoryAdmission?) -> [String] {
        guard let admission else { return [] }
        var table = Table(["  memory", "WEIGHTS", "ONE CONTEXT", "OVERHEAD", "NEEDS", "AT MOST"], style: style)
        for share in admission.shares {
            table.add(
                "  \(Text.line(share.service))", bytes(share.weightsBytes, share.unknown == nil ? "-" : "?"), context(share),
                bytes(share.overheadBytes, "-"),
                bytes(share.neededBytes, "?"), most(share))
        }
        let together = "\(ByteText.text(admission.neededBytes))\(admission.isComplete ? "" : " and more")"
        table.add(
            "  together", "", "", "", together,
            "\(ByteText.text(admission.mostBytes)); \(admission.bound.text) is \(ByteText.text(admission.allowedBytes))")
        if !admission.doubled.isEmpty {
            table.add(
                "  while exchanged", "", "", "", ByteText.text(admission.replacementBytes),
                "\(Text.line(admission.doubled.joined(separator: ", "))) twice, by overlap")
        }
        let unknown = admission.shares.compactMap { share in share.unknown.map { style.dim("  \(Text.line(share.service)): \(Text.line($0))") } }
        return [""] + table.lines + unknown
    }

    private func bytes(_ number: Int?, _ absent: String) -> String { number.map(ByteText.text) ?? absent }

    private func context(_ share: MemoryShare) -> String {
        guard let bytes = share.contextBytes else { return share.unknown == nil ? "-" : "?" }
        return "\(ByteText.text(bytes))\(share.contextTokens.map { " (\($0) tokens)" } ?? "")"
    }

    private func most(_ share: MemoryShare) -> String {
        guard let most = share.mostBytes else { return "?" }
        guard share.contexts > 1, let held = share.contextsHeld else { return ByteText.text(most) }
        return "\(ByteText.text(most)) (\(held == share.contexts ? "" : "\(held) of ")\(share.contexts) contexts)"
    }
}

extension PreflightResult {
    fileprivate var isAboutMemory: Bool { key.hasSuffix("resources.memory") }
}
