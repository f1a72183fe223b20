import JSON
import LaunchPlan
import Messages

/// A line of the request log. Absent members are not known; nothing in it is a word of a prompt or an answer.
///
/// | member | what it is |
/// |---|---|
/// | `time` `request` `method` `path` | when it came, the id that the client got, what it asked |
/// | `session` `agent` `call` | the client's own ids, and what the request is to its conversation |
/// | `model` `backend` `answered_by` | what was asked for, where it went, who answered |
/// | `status` `error` `outcome` | `answered`, `error` or `left` (the client, before it had all) |
/// | `stream` `stop_reason` `tokens` | as the model's server counted them; `cached` of `input` came from its cache |
/// | `cost` | as the provider said it, in its unit; not of an answer that was made for another request |
/// | `cache` | what each layer did: `response` (hit, join, replay, miss, bypass), `prompt`, `kv` |
/// | `retries` `bytes_in` `bytes_out` | |
/// | `first_word_ms` `first_byte_ms` `total_ms` | from the request's head on: the model's first word, the first byte to the client, all |
enum RequestLine {
    static func json(_ facts: RequestTrace.Facts) -> JSON {
        var line: JSONObject = ["time": .string(WallClock.text(facts.startedMs)), "request": .string(facts.requestID)]
        line["session"] = facts.session.map(JSON.string)
        line["agent"] = facts.agent.map(JSON.string)
        line["method"] = .string(facts.method)
        line["path"] = .string(facts.path)
        line["call"] = Self.call(facts.kinds)
        line["model"] = facts.model.map(JSON.string)
        line["backend"] = facts.backend.map(JSON.string)
        line["answered_by"] = facts.answeringModel.map(JSON.string)
        line["status"] = facts.status.map(JSON.integer)
        let answer = facts.answer
        let error = facts.error ?? answer.error
        line["error"] = error.map { .string($0.rawValue) }
        line["outcome"] = .string(facts.wasLeft ? "left" : error != nil || facts.status ?? 200 >= 400 ? "error" : "answered")
        line["stream"] = facts.streams.map(JSON.bool)
        line["stop_reason"] = answer.stop.map(JSON.string)
        line["tokens"] = answer.tokens
        // It was paid for by the request that it was made for.
        if !ProxyMetrics.savings.contains(facts.responseCache ?? "") { line["cost"] = answer.cost }
        var cache: JSONObject = [:]
        cache["response"] = facts.responseCache.map(JSON.string)
        cache["prompt"] = facts.promptCache.map(JSON.string)
        cache["kv"] = answer.kv.map(JSON.string)
        if !cache.isEmpty { line["cache"] = .object(cache) }
        line["retries"] = .integer(facts.retries)
        line["bytes_in"] = .integer(facts.bytesIn)
        line["bytes_out"] = .integer(facts.bytesOut)
        line["first_word_ms"] = answer.firstWord.map { milliseconds($0) }
        line["first_byte_ms"] = facts.firstByte.map { milliseconds($0 - facts.begin) }
        line["total_ms"] = facts.end.map { milliseconds($0 - facts.begin) }
        return .object(line)
    }

    /// The kind that says most.
    private static func call(_ kinds: Set<ProxySettings.CallKind>) -> JSON? {
        ([.title, .count, .side, .subagent, .main] as [ProxySettings.CallKind]).first(where: kinds.contains).map { .string($0.rawValue) }
    }

    /// In milliseconds, to the thousandth.
    private static func milliseconds(_ duration: Duration) -> JSON {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        return .double(Double(microseconds) / 1000)
    }
}

/// What an answer's source tells of it once it is over.
struct AnswerFacts: Sendable {
    var error: AnthropicError.Kind?
    var stop: String?
    var tokens: JSON?
    var cost: JSON?
    var kv: String?
    var firstWord: Duration?
    private static let longestWord = 256

    init() {}

    init(_ source: RequestTrace.Source?, _ passed: PassedAnswer?) {
        switch source {
        case nil:
            guard let passed else { return }
            error = passed.error
            stop = passed.stop
            tokens = Self.tokens(passed.usage, knowsCached: true)
            cost = passed.usage.cost
        case .kept(let usage): tokens = Self.tokens(usage, knowsCached: true)
        case .chat(let meter):
            let facts = meter.facts
            error = facts.error?.kind
            stop = facts.finishReason.map { String($0.rawValue.prefix(Self.longestWord)) }
            firstWord = meter.firstWord
            guard let usage = facts.usage else { return }
            tokens = Self.tokens(usage.message, knowsCached: usage.cachedTokens != nil)
            cost = usage.cost
        case .generation(let generation):
            let message = generation.message
            error = message.error?.kind
            stop = message.stop?.rawValue
            kv = generation.kv.map { String($0.prefix(Self.longestWord)) }
            firstWord = generation.firstWord
            tokens = Self.tokens(message.usage, knowsCached: generation.reportsCache)
            cost = message.usage.cost
        }
    }

    private static func tokens(_ usage: MessageUsage, knowsCached: Bool) -> JSON? {
        let input = usage.input + usage.cacheCreation + usage.cacheRead
        guard input + usage.output > 0 else { return nil }
        var tokens: JSONObject = ["input": .integer(input), "output": .integer(usage.output)]
        if knowsCached || usage.cacheRead > 0 { tokens["cached"] = .integer(usage.cacheRead) }
        return .object(tokens)
    }
}
