import JSON

/// What the cache layers have done, for people: a line each, from counts alone.
struct CacheText {
    let style: Style

    func lines(_ report: JSON) -> [String] {
        var table = Table(["CACHE", "USED", "SAVED", "HOLDS"], style: style)
        let (prompt, response, kv) = (report["prompt"] ?? .null, report["response"] ?? .null, report["kv"] ?? .null)
        table.add(
            "1 prompt", share(prompt, "translations"),
            "\(Self.bytes(count(prompt, "bytes_not_read"))) not read again, \(Self.bytes(count(prompt, "bytes_not_resent"))) not sent again",
            isOff(prompt) ? "off" : "\(count(prompt, "entries")) prefixes, \(Self.bytes(count(prompt, "bytes")))")
        table.add(
            "2 response", responses(response),
            "\(count(response, "tokens_not_computed")) tokens not computed, \(Self.bytes(count(response, "bytes_told_again"))) told again",
            isOff(response) ? "off" : "\(count(response, "entries")) answers, \(Self.bytes(count(response, "bytes")))")
        table.add(
            "3 kv", share(kv, "answers"), "\(count(kv, "cached_tokens")) of \(count(kv, "prompt_tokens")) prompt tokens not computed",
            "at the models' servers")
        return table.lines
    }

    private func count(_ layer: JSON, _ key: String) -> Int { layer[key]?.intValue ?? 0 }
    private func isOff(_ layer: JSON) -> Bool { layer["enabled"]?.boolValue == false }

    private func share(_ layer: JSON, _ what: String) -> String {
        "\(count(layer, "hits")) of \(count(layer, "hits") + count(layer, "misses")) \(what)"
    }

    private func responses(_ layer: JSON) -> String {
        let used = ["hits", "joins", "replays"].map { count(layer, $0) }
        return
            "\(used.reduce(0, +)) of \(used.reduce(0, +) + count(layer, "misses")) requests (\(used[0]) kept, \(used[1]) joined, \(used[2]) replayed)"
    }

    /// `812 B`, `1.4 MiB`.
    static func bytes(_ count: Int) -> String {
        guard let unit = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")].first(where: { count >= $0.0 }) else { return "\(count) B" }
        let tenths = count * 10 / unit.0
        return "\(tenths / 10).\(tenths % 10) \(unit.1)"
    }
}

/// Why a cache was missed, for people.
struct CacheExplanationText {
    let style: Style

    func lines(_ explanation: JSON) -> [String] {
        func text(_ key: String) -> String? { explanation[key]?.stringValue.map(Text.line) }
        var lines = ["\(style.bold(text("request") ?? "")): \(text("summary") ?? "")"]
        if let other = text("shares_answer_of") { lines.append("  answer      the one that was made for \(other)") }
        if let backend = text("backend") { lines.append("  sent to     \(backend), model \(text("model") ?? "")") }
        if let difference = explanation["difference"] {
            lines.append("  section     \(difference["section"]?.stringValue ?? "") (\(difference["cache_miss_reason"]?.stringValue ?? ""))")
            if let place = difference["place"]?.stringValue {
                lines.append("  place       \(Text.line(place)), \(difference["change"]?.stringValue ?? "")")
            }
            lines.append("  cost        \(cost(difference))")
        }
        for step in explanation["shaping"]?.arrayValue ?? [] { lines.append("  shaped      \(shaping(step))") }
        for tool in (explanation["left_out"]?.arrayValue ?? []).compactMap(\.stringValue) {
            lines.append("  left out    \(Text.line(tool)), which only a `claude` backend can run: the model cannot call it here")
        }
        return lines
    }

    private func shaping(_ step: JSON) -> String {
        let removed = (step["removed"]?.arrayValue ?? []).compactMap(\.stringValue)
        return Text.line(
            "\(step["part"]?.stringValue ?? ""): \(step["bytes_before"]?.intValue ?? 0) bytes became \(step["bytes_after"]?.intValue ?? 0)")
            + (removed.isEmpty ? "" : Text.line(", without \(removed.joined(separator: ", "))"))
    }

    private func cost(_ difference: JSON) -> String {
        let bytes =
            "\(difference["lost_bytes"]?.intValue ?? 0) of \((difference["lost_bytes"]?.intValue ?? 0) + (difference["shared_bytes"]?.intValue ?? 0)) bytes"
        guard let lost = difference["lost_tokens"]?.intValue, let shared = difference["shared_tokens"]?.intValue else {
            return "\(bytes); its server counted no tokens"
        }
        let between = (difference["shared_tokens_between"]?.arrayValue ?? []).compactMap(\.intValue)
        let bracket =
            between.count == 2 && between[0] != between[1] ? "counted at \(between[0]) and \(between[1]), shared out by bytes between" : "as counted"
        return "\(lost) tokens, behind \(shared) that both begin with (\(bracket)); \(bytes)"
    }
}
