import Glibc
import Locking

/// What the names of hosts mean, for callers that must not stand still: a resolver may be silent for half a minute (resolv.conf(5): 5 s,
/// twice, for each server), and the supervisor has one thread.
///
/// Who asks waits at most `patienceMs` after the question was put, so once for each name: later askers get the last answer while a new
/// one is on its way, and a name that could be resolved once keeps its last address when the resolver fails.
package final class HostNames: Sendable {
    package static let shared = HostNames()

    /// As long as this, and no longer, a name can hold up the supervisor.
    package static let patienceMs = 2000
    /// The threads that a silent resolver can keep.
    private static let maximumQueries = 8
    private static let maximumNames = 64

    private struct Entry {
        var query: HostQuery?
        var askedAt = 0
        var answer: HostQuery.Answer?
        var answeredAt = 0
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let patienceMs: Int
    private let freshMs: (good: Int, bad: Int)
    private let lookup: @Sendable (String) -> HostQuery.Answer
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - freshMs: how long an answer, and a failure, stands before the resolver is asked again.
    ///   - now: of CLOCK_MONOTONIC, in milliseconds.
    init(
        patienceMs: Int = HostNames.patienceMs, freshMs: (good: Int, bad: Int) = (60_000, 5000), now: @escaping @Sendable () -> Int = HostNames.now,
        lookup: @escaping @Sendable (String) -> HostQuery.Answer = HostNames.ask
    ) {
        self.patienceMs = patienceMs
        self.freshMs = freshMs
        self.lookup = lookup
        self.now = now
    }

    /// The first address of a name, with port 0.
    func address(of name: String) throws(OperationError) -> SocketAddress {
        let name = name.lowercased()
        let (waited, known) = try entries.withLock { (entries) throws(OperationError) in
            var entry = entries[name] ?? Entry()
            Self.collect(&entry, now())
            if entry.query == nil, !isFresh(entry) {
                guard entries.values.count(where: { $0.query != nil }) < Self.maximumQueries else {
                    throw OperationError("cannot resolve the host \(name): the resolver is silent about \(Self.maximumQueries) names", exitCode: 78)
                }
                let query = HostQuery()
                let lookup = lookup
                try query.start { lookup(name) }
                entry.query = query
                entry.askedAt = now()
            }
            if entries.count >= Self.maximumNames { entries = entries.filter { $0.value.query != nil } }
            entries[name] = entry
            return (entry.query.map { ($0, entry.askedAt + patienceMs) }, entry.answer)
        }
        if let known { return try known.get() }
        guard let (query, deadline) = waited, let answer = query.wait(milliseconds: deadline - now()) else {
            throw OperationError(
                "the host \(name) was not resolved within \(patienceMs) ms",
                hint: "an address in its place asks no resolver", exitCode: 78)
        }
        entries.withLock { if $0[name] != nil { Self.collect(&$0[name, default: Entry()], now()) } }
        return try answer.get()
    }

    /// Takes what a thread has found out since.
    private static func collect(_ entry: inout Entry, _ now: Int) {
        guard let query = entry.query, let answer = query.wait(milliseconds: 0) else { return }
        entry.query = nil
        entry.answeredAt = now
        if case .failure = answer, case .success? = entry.answer { return }
        entry.answer = answer
    }

    private func isFresh(_ entry: Entry) -> Bool {
        switch entry.answer {
        case nil: false
        case .success: now() - entry.answeredAt < freshMs.good
        case .failure: now() - entry.answeredAt < freshMs.bad
        }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private static func ask(_ name: String) -> HostQuery.Answer {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard result == 0, let first = list, let address = first.pointee.ai_addr else {
            return .failure(OperationError("cannot resolve the host \(name): \(String(cString: gai_strerror(result)))", exitCode: 78))
        }
        return .success(SocketAddress(copying: address, first.pointee.ai_addrlen))
    }
}
