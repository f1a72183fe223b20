import Locking

/// How many tokens prompts have that were counted lately: clients ask for the same parts again and again, dozens at a time.
///
/// In memory alone, and found by a digest of the request, of who asks, and of the model.
final class CountMemo: Sendable {
    private struct Entry {
        var count: Int
        var until: ContinuousClock.Instant
        var used: Int
    }
    private struct State {
        var entries: [String: Entry] = [:]
        var clock = 0
    }
    private let state = Mutex(State())
    private let limit: Int
    private static let time = Duration.seconds(24 * 3600)

    init(limit: Int = 8192) { self.limit = limit }

    func find(_ digest: String, now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            guard let entry = state.entries[digest], entry.until > now else { return nil }
            state.clock += 1
            state.entries[digest]?.used = state.clock
            return entry.count
        }
    }

    func keep(_ count: Int, for digest: String, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.clock += 1
            state.entries[digest] = Entry(count: count, until: now + Self.time, used: state.clock)
            guard state.entries.count > limit else { return }
            // A quarter at once, so that one more count costs no search of all.
            let kept = state.entries.sorted { $0.value.used > $1.value.used }.prefix(limit - limit / 4)
            state.entries = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
    }

    func clear() { state.withLock { $0 = State() } }
}
