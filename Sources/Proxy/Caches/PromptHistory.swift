import JSON
import Locking
import Messages

/// The outlines of recent prompts: why a cache was missed is found by comparing two of them.
final class PromptHistory: Sendable {
    /// Who sent a request, and what it is called.
    struct Origin: Sendable {
        var request: String
        var asker: RequestKey.Asker
        /// What the backend's settings made of the request: a list of steps, each with its `part`, `bytes_before` and `bytes_after`.
        var shaping: JSON = []
    }
    fileprivate struct State {
        /// The oldest first.
        var records: [PromptRecord] = []
        /// Their messages, as nearly each one that is asked for is new.
        var known: Set<String> = []
        var pieces = 0
        /// Requests that were answered by the answer to another, or from the response cache; the oldest first.
        var others: [(request: String, note: Other)] = []
    }
    enum Other: Sendable {
        /// It got the answer of this id, which was made for another request.
        case shared(message: String)
        case kept
    }
    private let state = Mutex(State())
    private static let maximumRecords = 512
    private static let maximumPieces = 200_000

    /// A prompt is about to be sent; once more where it is sent to another server.
    ///
    /// - Parameter leftOut: the kinds of tools that the backend cannot offer.
    func begin(_ outline: PromptOutline, message: String, origin: Origin, backend: String, leftOut: [String] = [], now: Int) {
        guard outline.pieces.count <= Self.maximumPieces / 4 else { return }
        let model = outline.model
        var outline = outline
        outline.model = "\(backend)/\(model)"
        var record = PromptRecord(
            message: message, request: origin.request, asker: origin.asker, backend: backend, model: model, time: now, outline: outline,
            bytes: outline.bytes, shaping: origin.shaping, leftOut: leftOut)
        state.withLock { state in
            state.remove(message: message)
            if let earlier = state.earlier(than: record) {
                let loss = record.loss(from: earlier)
                record.marks = earlier.marks.beginning(upTo: loss?.divergence.sharedBytes ?? min(record.bytes, earlier.bytes))
                record.earlier = .init(
                    message: earlier.message, request: earlier.request, time: earlier.time, loss: loss, isExtended: outline.extends(earlier.outline))
            }
            state.append(record)
            state.shrink(toRecords: Self.maximumRecords, pieces: Self.maximumPieces)
        }
    }

    /// The server has counted the prompt.
    ///
    /// - Parameter cached: nil where it does not say what it found in its cache.
    func count(message: String, prompt: Int, cached: Int?) {
        guard prompt > 0 else { return }
        state.withLock { state in
            guard let index = state.records.lastIndex(where: { $0.message == message }) else { return }
            state.records[index].promptTokens = prompt
            state.records[index].cachedTokens = cached
            state.records[index].marks.add(tokens: prompt, at: state.records[index].bytes)
        }
    }

    func note(_ other: Other, request: String) {
        state.withLock { state in
            state.others.append((request, other))
            if state.others.count > Self.maximumRecords { state.others.removeFirst() }
        }
    }

    func record(message: String) -> PromptRecord? { state.withLock { $0.records.last { $0.message == message } } }

    /// - Parameter name: a request's or an answer's id, or `last`.
    func find(_ name: String) -> (record: PromptRecord?, other: Other?) {
        state.withLock { state in
            if name == "last" { return (state.records.last, nil) }
            if let record = state.records.last(where: { $0.message == name || $0.request == name }) { return (record, nil) }
            guard let other = state.others.last(where: { $0.request == name })?.note else { return (nil, nil) }
            guard case .shared(let message) = other else { return (nil, other) }
            return (state.records.last { $0.message == message }, other)
        }
    }

    func clear() { state.withLock { $0 = State() } }

    /// Forgets the prompts of a session.
    ///
    /// - Returns: how many there were.
    func clear(_ session: SessionName) -> Int {
        state.withLock { state in
            let count = state.records.count
            state.records.removeAll { $0.asker.session.map(session.covers) ?? false }
            state.pieces = state.records.reduce(0) { $0 + $1.outline.pieces.count }
            state.known = Set(state.records.map(\.message))
            return count - state.records.count
        }
    }
}

extension PromptHistory.State {
    fileprivate mutating func append(_ record: PromptRecord) {
        records.append(record)
        known.insert(record.message)
        pieces += record.outline.pieces.count
    }

    /// Some more than one are given up at once, so that the others are not moved for each that comes.
    fileprivate mutating func shrink(toRecords maximum: Int, pieces most: Int) {
        var count = records.count > maximum + maximum / 8 ? records.count - maximum : 0
        var left = pieces - records.prefix(count).reduce(0) { $0 + $1.outline.pieces.count }
        while left > most, count < records.count {
            left -= records[count].outline.pieces.count
            count += 1
        }
        guard count > 0 else { return }
        for record in records.prefix(count) { known.remove(record.message) }
        records.removeFirst(count)
        pieces = left
    }

    fileprivate mutating func remove(message: String) {
        guard known.remove(message) != nil else { return }
        guard let index = records.lastIndex(where: { $0.message == message }) else { return }
        pieces -= records.remove(at: index).outline.pieces.count
    }

    /// The request with the longest common beginning, the latest of several: of the same conversation where there is one, else of all that
    /// the same client has sent, as sessions share tools and system.
    fileprivate func earlier(than record: PromptRecord) -> PromptRecord? {
        closest(to: record) { $0.asker == record.asker } ?? closest(to: record) { $0.asker.credential == record.asker.credential }
    }

    private func closest(to record: PromptRecord, among isMeant: (PromptRecord) -> Bool) -> PromptRecord? {
        var best: (record: PromptRecord, shared: Int)?
        for other in records.reversed() where isMeant(other) {
            let shared = other.outline.model == record.outline.model ? record.outline.sharedPieces(with: other.outline) : 0
            if shared > best?.shared ?? -1 { best = (other, shared) }
            // Nothing can be longer.
            if shared == record.outline.pieces.count { break }
        }
        return best?.record
    }
}
