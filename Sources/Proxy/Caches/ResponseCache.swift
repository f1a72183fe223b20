import GRDB
import JSON
import LaunchPlan
import Logging
import Messages

/// Layer 2, the part that outlives an answer: whole answers to requests that give the same answer each time.
final class ResponseCache: Sendable {
    struct Hit: Sendable {
        var message: JSON
        var ageSeconds: Int
        /// Its tokens were counted by the server that computed it.
        var isCounted: Bool
    }
    /// Beside the message's own members, for ourselves.
    private static let countedMember = "usage_is_counted"

    private let settings: ProxySettings.ResponseCache
    private let store: ResponseStore?
    private let metrics: ProxyMetrics
    private let logger: Logger

    init(_ settings: ProxySettings.ResponseCache, directory: PlanPath, roots: PlanPath.Bindings, metrics: ProxyMetrics, logger: Logger)
        async throws(ProxyError)
    {
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        guard settings.enabled else {
            store = nil
            return
        }
        let folder: String
        do {
            folder = try directory.resolved(roots)
            try ResponseStore.prepare(folder)
        } catch {
            throw ProxyError("the cache folder cannot be used: \(error)", hint: "make it writable, or set `proxy.responseCache.enabled: false`")
        }
        store = try Self.open(folder + "/responses.sqlite3", settings.maxBytes, logger)
    }

    private static func open(_ path: String, _ bytes: Int, _ logger: Logger) throws(ProxyError) -> ResponseStore {
        do {
            return try ResponseStore(path: path, maximumBytes: bytes)
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            logger.warning("the response cache is damaged and begins anew", metadata: ["file": "\(path)", "error": "\(error)"])
            do {
                try ResponseStore.discard(path)
                return try ResponseStore(path: path, maximumBytes: bytes)
            } catch {
                throw ProxyError("the response cache \(path) cannot be made anew: \(error)")
            }
        } catch {
            throw ProxyError(
                "the response cache \(path) cannot be opened: \(error)", hint: "make it writable, or set `proxy.responseCache.enabled: false`")
        }
    }

    /// Whether an answer to the request may be here, or be kept here.
    func mayHold(_ key: RequestKey) -> Bool { store != nil && key.mayBeKept }

    /// - Parameter model: who would answer now: what another model has said is not an answer.
    func find(_ key: RequestKey, answeredBy model: String) async -> Hit? {
        guard let store, key.mayBeKept else { return nil }
        do {
            guard let found = try await store.find(key.digest(answeredBy: model), session: key.session, now: ResponseStore.nowMs) else { return nil }
            let message = try JSON(parsing: found.message)
            // What another version kept and this one cannot tell is asked for anew.
            guard MessageReplay.events(of: message, id: "", model: "") != nil else { return nil }
            return Hit(message: message, ageSeconds: found.ageMs / 1000, isCounted: message[Self.countedMember]?.boolValue ?? false)
        } catch is CancellationError {
            return nil
        } catch {
            logger.error("the response cache cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Keeps an answer that ended well and would end so again.
    ///
    /// - Parameter isCounted: its usage is what a server counted, not an estimate.
    func keep(_ assembly: MessageAssembly, isCounted: Bool = false, for key: RequestKey, answeredBy model: String) async {
        guard let store, key.mayBeKept, Self.isKeepable(assembly) else { return }
        do {
            let digest = key.digest(answeredBy: model)
            var message = assembly.json.objectValue ?? [:]
            message[Self.countedMember] = .bool(isCounted)
            try await store.save(
                JSON.object(message).text, for: digest, session: key.session, now: ResponseStore.nowMs,
                ttlMs: Self.spread(settings.ttlMs, by: digest))
        } catch {
            logger.error("an answer cannot be kept", metadata: ["error": "\(error)"])
        }
    }

    /// Whether an answer is whole and good: none that was cut, refused, empty, or has a call that could not be read.
    static func isKeepable(_ assembly: MessageAssembly) -> Bool {
        guard assembly.isComplete, let stop = assembly.stop, [.endTurn, .toolUse, .stopSequence].contains(stop) else { return false }
        let content = assembly.json["content"]?.arrayValue ?? []
        return !content.isEmpty && !content.contains { $0["input"]?["__unparsedToolInput"] != nil }
    }

    /// Up to a tenth less, by the key: what was kept at once is not asked for anew at once.
    static func spread(_ ttlMs: Int, by digest: String) -> Int {
        let share = Int(digest.prefix(4), radix: 16) ?? 0
        return ttlMs - ttlMs / 10 * share / 0x10000
    }

    /// - Returns: what was there.
    func clear() async throws -> (entries: Int, bytes: Int) {
        guard let store else { return (0, 0) }
        return try await store.clear()
    }

    /// The same of one session's answers, and of those that may be its own.
    func clear(_ session: SessionName) async throws -> (entries: Int, bytes: Int) {
        guard let store else { return (0, 0) }
        return try await store.clear(session: session.text)
    }

    func json() async -> JSON {
        var object: JSONObject = ["enabled": .bool(store != nil)]
        for result in ["hit", "miss", "join", "replay"] {
            object[result + (result == "miss" ? "es" : "s")] = .integer(metrics.cache("response", result))
        }
        if let store, let size = try? await store.size() {
            object["entries"] = .integer(size.entries)
            object["bytes"] = .integer(size.bytes)
        }
        object["tokens_not_computed"] = .integer(metrics.tokensNotComputed)
        object["bytes_told_again"] = .integer(metrics.bytesToldAgain)
        return .object(object)
    }
}
