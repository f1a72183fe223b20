extension MemoryAdmission {
    /// What does not fit, each with the service that it is about: the one that needs most where it is about all.
    ///
    /// - Parameter replaced: the services of which two instances would run in this very apply; others only warn.
    public func findings(replaced: Set<String>) -> [(service: String, finding: PreflightFinding)] {
        shares.compactMap(own) + together(replaced)
    }

    private func own(_ share: MemoryShare) -> (service: String, finding: PreflightFinding)? {
        guard let limit = share.limitBytes else { return nil }
        let allowed = "\(ByteText.text(limit)) are allowed"
        if share.isBounded, let needed = share.neededBytes, needed > limit {
            return (
                share.service,
                PreflightFinding(
                    .error, "the model needs \(ByteText.text(needed)) (\(share.sumText)); \(allowed)",
                    hint: "lower contextWindow, or raise resources.memory")
            )
        }
        guard !share.isBounded, let weights = share.weightsBytes, weights > limit else { return nil }
        return (
            share.service,
            PreflightFinding(
                .warning, "the files of the model have \(ByteText.text(weights)); \(allowed)",
                hint: "resources.memory is what the worker is counted with: raise it, or check the model")
        )
    }

    private func together(_ replaced: Set<String>) -> [(service: String, finding: PreflightFinding)] {
        guard let largest = shares.max(by: { ($0.neededBytes ?? 0) < ($1.neededBytes ?? 0) }), largest.neededBytes != nil else { return [] }
        let have = "\(bound.text) is \(ByteText.text(allowedBytes))"
        if neededBytes > allowedBytes {
            let who = shares.count == 1 ? "`\(largest.service)` needs" : "the services need together"
            let raise = bound == .budget ? ", or raise `budget.memory`" : ""
            let fewer = shares.count == 1 ? "take a smaller model" : "take smaller models or fewer workers"
            return [
                (
                    largest.service,
                    PreflightFinding(
                        .error, "\(who) \(ByteText.text(neededBytes)) (\(parts)); \(have)", hint: "lower contextWindow, \(fewer)\(raise)")
                )
            ]
        }
        var found: [(service: String, finding: PreflightFinding)] = []
        // Those of this apply must fit; that all could be exchanged at once is good to know.
        let now = doubled.filter(replaced.contains)
        if exchangeBytes(now) > allowedBytes {
            found.append(exchange(now, .error, have))
        } else if replacementBytes > allowedBytes {
            found.append(exchange(doubled, .warning, have))
        }
        if mostBytes > allowedBytes {
            found.append(
                (
                    largest.service,
                    PreflightFinding(
                        .warning, "with all contexts in use, up to \(ByteText.text(mostBytes)) are taken; \(have)",
                        hint: "give each worker `resources.memory`, or lower contextWindow, maxBatch or the cache")
                ))
        }
        return found
    }

    /// What is needed while these run twice.
    private func exchangeBytes(_ names: [String]) -> Int {
        Self.sum([neededBytes] + shares.filter { names.contains($0.service) }.compactMap(\.neededBytes))
    }

    private func exchange(_ names: [String], _ severity: PreflightFinding.Severity, _ have: String) -> (service: String, finding: PreflightFinding) {
        let who = names.map { "`\($0)`" }.joined(separator: " and ") + (names.count == 1 ? " is" : " are")
        return (
            names.first ?? "",
            PreflightFinding(
                severity, "while \(who) replaced by overlap, \(ByteText.text(exchangeBytes(names))) are needed; \(have)",
                hint: "write `replace: stop-first`, or make room for two instances")
        )
    }

    private var parts: String {
        if shares.count == 1 { return shares[0].sumText }
        return shares.map { share in
            let note = onDemand?.contains(share.service) == true ? " on demand" : ""
            return "\(share.service) \(share.neededBytes.map(ByteText.text) ?? "not known")\(note)"
        }.joined(separator: ", ")
    }
}
