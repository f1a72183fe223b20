import JSON
import Logging

extension ProxyAssembly {
    /// What each cache layer has done since the proxy started, from counts alone.
    func cacheReport() async -> JSON {
        [
            "prompt": upstreams.prompts.json, "response": await responses.json(),
            "count": ["hits": .integer(metrics.cache("count", "hit")), "misses": .integer(metrics.cache("count", "miss"))], "kv": metrics.kv,
        ]
    }

    /// The same in a line of the log, at the end.
    func savings() async -> Logger.Metadata {
        let report = await cacheReport()
        func count(_ layer: String, _ key: String) -> Logger.MetadataValue { "\(report[layer]?[key]?.intValue ?? 0)" }
        return [
            "prompt_hits": count("prompt", "hits"), "prompt_misses": count("prompt", "misses"), "bytes_not_read": count("prompt", "bytes_not_read"),
            "bytes_not_resent": count("prompt", "bytes_not_resent"), "response_hits": count("response", "hits"),
            "response_joins": count("response", "joins"), "response_replays": count("response", "replays"),
            "response_misses": count("response", "misses"), "tokens_not_computed": count("response", "tokens_not_computed"),
            "bytes_told_again": count("response", "bytes_told_again"), "kv_cached_tokens": count("kv", "cached_tokens"),
            "kv_prompt_tokens": count("kv", "prompt_tokens"),
        ]
    }
}
