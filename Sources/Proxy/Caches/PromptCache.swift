import JSON
import LaunchPlan
import Locking
import Messages

/// Layer 1: tools and system of a session, read, translated and written once for each backend.
final class PromptCache: Sendable {
    struct Entry: Sendable {
        var rendered: RenderedPrefix
        /// What the native worker knows the prefix by.
        var digest: String
        /// Of the prefix as it is sent.
        var bytes: Int

        var prefix: RequestTranslation.Prefix { rendered.prefix }
    }
    /// What a prefix is made from.
    fileprivate enum Source: Hashable {
        case head(BodyParts.Head)
        /// SHA-256 of tools and system, where the body's reader does not know them.
        case content(String)
    }
    fileprivate struct Key: Hashable {
        var backend: String
        var source: Source
        var rest: JSON
    }
    fileprivate struct State {
        var entries: [Key: (entry: Entry, used: Int)] = [:]
        var clock = 0
        var bytes = 0
    }
    /// A shorter prefix is not worth a name of 64 characters in its place.
    static let minimumHeldBytes = 256

    private let settings: ProxySettings.PromptCache
    private let metrics: ProxyMetrics
    private let bodies: BodyMemory
    private let state = Mutex(State())

    init(_ settings: ProxySettings.PromptCache, metrics: ProxyMetrics) {
        self.settings = settings
        self.metrics = metrics
        // One half for what was read, the other for what was made of it.
        bodies = BodyMemory(maximumBytes: settings.maxBytes / 2)
    }

    var isEnabled: Bool { settings.enabled }

    /// The value of a request's body, and what its parts are known by.
    func read(_ body: UnsafeBufferPointer<UInt8>) throws(JSONError) -> (json: JSON, parts: BodyParts?) {
        guard settings.enabled else { return (try JSON(parsing: body), nil) }
        var reader = BodyReader(bodies)
        let json = try JSON(parsing: body, recalling: &reader)
        if reader.recalledBytes > 0 { metrics.notRead(bytes: reader.recalledBytes) }
        return (json, reader.parts(of: json))
    }

    /// - Parameter backend: the prefix is its own, as its settings may say what becomes of tools and system.
    func entry(for request: MessagesRequest, backend: ResolvedBackend) throws(AnthropicError) -> Entry {
        guard settings.enabled else { return try Self.make(request, backend.dialect) }
        let source = (request.parts?.head).map(Source.head) ?? .content(Digest.hex(RequestTranslation.prefixSource(of: request).bytes))
        let key = Key(backend: backend.name, source: source, rest: request.parts?.head == nil ? .null : RequestTranslation.prefixRest(of: request))
        if let entry = state.withLock({ $0.use(key) }) {
            metrics.countCache(layer: "prompt", result: "hit")
            RequestTrace.current?.note { $0.promptCache = "hit" }
            return entry
        }
        let entry = try Self.make(request, backend.dialect)
        metrics.countCache(layer: "prompt", result: "miss")
        RequestTrace.current?.note { $0.promptCache = "miss" }
        state.withLock { $0.add(entry, key, limit: settings.maxBytes / 2) }
        return entry
    }

    private static func make(_ request: MessagesRequest, _ dialect: BackendDialect) throws(AnthropicError) -> Entry {
        let prefix = try RequestTranslation.prefix(of: request, dialect: dialect)
        let bytes = Native.Prefix(messages: prefix.messages, tools: prefix.tools).digestInput
        return Entry(rendered: RenderedPrefix(prefix, dialect: dialect), digest: Digest.hex(bytes), bytes: bytes.count)
    }

    func clear() {
        bodies.clear()
        state.withLock { $0 = State() }
    }

    var json: JSON {
        let (count, bytes) = state.withLock { ($0.entries.count, $0.bytes) }
        return [
            "enabled": .bool(settings.enabled), "hits": .integer(metrics.cache("prompt", "hit")), "misses": .integer(metrics.cache("prompt", "miss")),
            "entries": .integer(count), "bytes": .integer(bytes + bodies.bytes), "bytes_not_read": .integer(metrics.bytesNotRead),
            "bytes_not_resent": .integer(metrics.bytesNotResent),
        ]
    }
}

extension PromptCache.State {
    fileprivate mutating func use(_ key: PromptCache.Key) -> PromptCache.Entry? {
        guard let found = entries[key]?.entry else { return nil }
        clock += 1
        entries[key]?.used = clock
        return found
    }

    fileprivate mutating func add(_ entry: PromptCache.Entry, _ key: PromptCache.Key, limit: Int) {
        let size = entry.bytes + entry.rendered.bytes
        guard size <= limit, entries[key] == nil else { return }
        clock += 1
        entries[key] = (entry, clock)
        bytes += size
        while bytes > limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
            bytes -= oldest.value.entry.bytes + oldest.value.entry.rendered.bytes
        }
    }
}
