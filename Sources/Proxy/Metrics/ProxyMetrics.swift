import Control
import JSON
import Messages
import Serving

/// What the proxy counts. Each figure is a count of what happened; none is derived from an expectation.
final class ProxyMetrics: Sendable {
    private enum Name {
        static let requests = "anyclaude_proxy_requests_total"
        static let tokens = "anyclaude_proxy_tokens_total"
        static let cache = "anyclaude_cache_requests_total"
        static let kvPrompt = "anyclaude_cache_kv_prompt_tokens_total"
        static let kvCached = "anyclaude_cache_kv_cached_tokens_total"
        static let notResent = "anyclaude_cache_prompt_bytes_not_resent_total"
        static let notRead = "anyclaude_cache_prompt_bytes_not_read_total"
        static let notComputed = "anyclaude_cache_response_tokens_not_computed_total"
        static let toldAgain = "anyclaude_cache_response_bytes_total"
        static let firstByte = "anyclaude_upstream_first_byte_seconds"
        static let duration = "anyclaude_upstream_duration_seconds"
        static let cost = "anyclaude_proxy_cost_dollars_total"
        static let shaped = "anyclaude_shaping_bytes_total"
        static let leftOut = "anyclaude_tools_left_out_total"
        static let retries = "anyclaude_upstream_retries_total"
        static let fallbacks = "anyclaude_upstream_fallbacks_total"
        static let breaker = "anyclaude_upstream_breaker"
        static let uncounted = "anyclaude_upstream_answers_without_usage_total"
    }
    private let registry = MetricsRegistry()
    /// In the place of a status that nobody was there to get.
    static let clientLeft = 499

    init() {
        let seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
        registry.declare(Name.requests, .counter, help: "Answers by backend and HTTP status; 499 where the client left first.")
        registry.declare(Name.tokens, .counter, help: "Tokens as the model's server counted them.")
        registry.declare(Name.cache, .counter, help: "Requests by cache layer and what the layer did.")
        registry.declare(Name.kvPrompt, .counter, help: "Prompt tokens of the answers whose server counts what it found in its cache.")
        registry.declare(Name.kvCached, .counter, help: "Of these, found in the KV cache of the model's server.")
        registry.declare(Name.notResent, .counter, help: "Bytes of tools and system that the worker held already.")
        registry.declare(Name.notRead, .counter, help: "Bytes of tools and system that were known by their bytes: neither read nor translated.")
        registry.declare(Name.notComputed, .counter, help: "Tokens of answers that were not computed for their request, prompt and answer.")
        registry.declare(Name.toldAgain, .counter, help: "Bytes of these answers.")
        registry.declare(Name.cost, .counter, help: "What answers cost, in US dollars, by servers that bill.")
        registry.declare(Name.shaped, .counter, help: "Bytes of requests before and after each part of shaping.")
        registry.declare(Name.leftOut, .counter, help: "Requests that offered a tool which only the API itself can run, by kind of tool.")
        registry.declare(Name.firstByte, .histogram, help: "From the request to the first word of the model's answer.", bounds: seconds)
        registry.declare(Name.duration, .histogram, help: "From the request to the end of the model's answer.", bounds: seconds)
        registry.declare(Name.retries, .counter, help: "Requests that were sent to the same backend again.")
        registry.declare(Name.fallbacks, .counter, help: "Requests that another backend was asked, since the first could not take them.")
        registry.declare(Name.breaker, .gauge, help: "0 where a backend is asked, 1 where one request tries it, 2 where it is left alone.")
        registry.declare(Name.uncounted, .counter, help: "Answers of servers that reported no usage.")
        registry.declare("anyclaude_proxy_info", .gauge, help: "Always 1; its label is the version.")
        registry.set(1, "anyclaude_proxy_info", [("version", Version.current)])
        registry.declareProcess()
    }

    func declareInFlight(_ read: @escaping @Sendable () -> Int) {
        registry.declare("anyclaude_proxy_requests_in_flight", .gauge, help: "Requests that are being answered.") { Double(read()) }
    }

    func declareDropped(log: @escaping @Sendable () -> Int, capture: @escaping @Sendable () -> Int) {
        registry.declare("anyclaude_proxy_request_log_dropped_total", .counter, help: "Lines of the request log that could not be written.") {
            Double(log())
        }
        registry.declare("anyclaude_proxy_capture_dropped_total", .counter, help: "Exchanges that could not be captured.") { Double(capture()) }
    }

    func declareWaiting(_ read: @escaping @Sendable () -> Int) {
        registry.declare("anyclaude_proxy_requests_waiting", .gauge, help: "Requests that wait for a place at a backend.") { Double(read()) }
    }

    func countRetry(backend: String) { registry.add(to: Name.retries, [("backend", backend)]) }
    func countFallback(from: String, to: String) { registry.add(to: Name.fallbacks, [("from", from), ("to", to)]) }
    func setBreaker(_ backend: String, level: Int) { registry.set(Double(level), Name.breaker, [("backend", backend)]) }

    var text: String { registry.text }

    func countRequest(backend: String, status: Int) {
        registry.add(to: Name.requests, [("backend", backend), ("status", String(status))])
    }

    func countCache(layer: String, result: String) { registry.add(to: Name.cache, [("layer", layer), ("result", result)]) }

    func cache(_ layer: String, _ result: String) -> Int { Int(registry.value(Name.cache, [("layer", layer), ("result", result)])) }

    func notResent(bytes: Int) { registry.add(Double(bytes), to: Name.notResent) }
    var bytesNotResent: Int { Int(registry.value(Name.notResent)) }

    func notRead(bytes: Int) { registry.add(Double(bytes), to: Name.notRead) }
    var bytesNotRead: Int { Int(registry.value(Name.notRead)) }

    /// What layer 2 does instead of asking a model's server.
    static let savings = ["hit", "join", "replay"]

    /// An answer that was made for another request was told in full.
    ///
    /// - Parameter result: one of `savings`.
    func saved(_ usage: MessageUsage, bytes: Int, result: String) {
        registry.add(Double(usage.prompt + usage.output), to: Name.notComputed, [("result", result)])
        registry.add(Double(bytes), to: Name.toldAgain, [("result", result)])
    }
    var tokensNotComputed: Int { Self.savings.reduce(0) { $0 + Int(registry.value(Name.notComputed, [("result", $1)])) } }
    var bytesToldAgain: Int { Self.savings.reduce(0) { $0 + Int(registry.value(Name.toldAgain, [("result", $1)])) } }

    func countShaping(_ report: ShapingReport, backend: String) {
        for step in report.steps {
            let part = [("backend", backend), ("part", step.part.rawValue)]
            registry.add(Double(step.before), to: Name.shaped, part + [("side", "before")])
            registry.add(Double(step.after), to: Name.shaped, part + [("side", "after")])
        }
    }

    func countLeftOut(tool: String, backend: String) { registry.add(to: Name.leftOut, [("backend", backend), ("tool", tool)]) }

    /// An answer of a model's server is over.
    func countAnswer(_ figures: AnswerFigures, backend: String) {
        if let first = figures.firstWord { registry.observe(first.inSeconds, in: Name.firstByte, [("backend", backend)]) }
        if let duration = figures.duration { registry.observe(duration.inSeconds, in: Name.duration, [("backend", backend)]) }
        if let cost = figures.cost { registry.add(cost, to: Name.cost, [("backend", backend)]) }
        guard figures.isComplete else { return }
        guard let usage = figures.usage else { return registry.add(to: Name.uncounted, [("backend", backend)]) }
        let kinds = [("input", usage.input), ("output", usage.output), ("cache_read", usage.cacheRead), ("cache_creation", usage.cacheCreation)]
        for (kind, count) in kinds { registry.add(Double(count), to: Name.tokens, [("backend", backend), ("kind", kind)]) }
        guard figures.reportsCache else { return countCache(layer: "kv", result: "unknown") }
        countCache(layer: "kv", result: usage.cacheRead > 0 ? "hit" : "miss")
        registry.add(Double(usage.prompt), to: Name.kvPrompt)
        registry.add(Double(usage.cacheRead), to: Name.kvCached)
    }

    /// Layer 3 as the upstreams reported it.
    var kv: JSON {
        [
            "hits": .integer(cache("kv", "hit")), "misses": .integer(cache("kv", "miss")),
            "prompt_tokens": .integer(Int(registry.value(Name.kvPrompt))),
            "cached_tokens": .integer(Int(registry.value(Name.kvCached))),
        ]
    }
}
