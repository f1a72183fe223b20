import JSON
import LaunchPlan
import Locking
import Messages

/// Layer 1: tools and system of a session, translated once for each hash of what they were made from.
final class PromptCache: Sendable {
    struct Entry: Sendable {
        var prefix: RequestTranslation.Prefix
        /// What the native worker knows the prefix by.
        var digest: String
        /// Of the prefix as it is sent.
        var bytes: Int
    }
    fileprivate struct State {
        var entries: [String: (entry: Entry, used: Int)] = [:]
        var clock = 0
        var bytes = 0
    }
    /// A shorter prefix is not worth a name of 64 characters in its place.
    static let minimumHeldBytes = 256

    private let settings: ProxySettings.PromptCache
    private let metrics: ProxyMetrics
    private let state = Mutex(State())

    init(_ settings: ProxySettings.PromptCache, metrics: ProxyMetrics) {
        self.settings = settings
        self.metrics = metrics
    }

    var isEnabled: Bool { settings.enabled }

    func entry(for request: MessagesRequest, dialect: BackendDialect) throws(AnthropicError) -> Entry {
        guard settings.enabled else { return try Self.make(request, dialect) }
        let key = dialect.name + Digest.hex(RequestTranslation.prefixSource(of: request).bytes)
        if let entry = state.withLock({ $0.use(key) }) {
            metrics.countCache(layer: "prompt", result: "hit")
            RequestTrace.current?.note { $0.promptCache = "hit" }
            return entry
        }
        let entry = try Self.make(request, dialect)
        metrics.countCache(layer: "prompt", result: "miss")
        RequestTrace.current?.note { $0.promptCache = "miss" }
        state.withLock { $0.add(entry, key, limit: settings.maxBytes) }
        return entry
    }

    private static func make(_ request: MessagesRequest, _ dialect: BackendDialect) throws(AnthropicError) -> Entry {
        let prefix = try RequestTranslation.prefix(of: request, dialect: dialect)
        let bytes = Native.Prefix(messages: prefix.messages, tools: prefix.tools).digestInput
        return Entry(prefix: prefix, digest: Digest.hex(bytes), bytes: bytes.count)
    }

    var json: JSON {
        let (count, bytes) = state.withLock { ($0.entries.count, $0.bytes) }
        return [
            "enabled": .bool(settings.enabled), "hits": .integer(metrics.cache("prompt", "hit")), "misses": .integer(metrics.cache("prompt", "miss")),
            "entries": .integer(count), "bytes": .integer(bytes), "bytes_not_resent": .integer(metrics.bytesNotResent),
        ]
    }
}

extension PromptCache.State {
    mutating func use(_ key: String) -> PromptCache.Entry? {
        guard let found = entries[key]?.entry else { return nil }
        clock += 1
        entries[key]?.used = clock
        return found
    }

    mutating func add(_ entry: PromptCache.Entry, _ key: String, limit: Int) {
        guard entry.bytes <= limit, entries[key] == nil else { return }
        clock += 1
        entries[key] = (entry, clock)
        bytes += entry.bytes
        while bytes > limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
            bytes -= oldest.value.entry.bytes
        }
    }
}
