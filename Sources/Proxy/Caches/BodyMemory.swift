import Glibc
import JSON
import Locking
import Messages

/// Parts of earlier bodies by their bytes: what a session sends each time, its tools, its system prompt and what was said before, is read
/// once.
///
/// A part is found by its first bytes, and taken only where all of them are the same; a hash alone proves nothing here.
final class BodyMemory: Sendable {
    /// A member of a body, as it stood there.
    struct Part: Sendable {
        let text: [UInt8]
        let value: JSON
        /// Of what it says, whatever breakpoints and attribution stand in it.
        let digest: String
    }
    /// A conversation, which the next request continues.
    struct Conversation: Sendable {
        let text: [UInt8]
        /// Where each message ends in the text.
        let ends: [Int]
        let messages: [JSON]
        let digests: [String]
    }
    private struct State {
        var parts: ByteIndex<Part>
        var conversations: ByteIndex<Conversation>
        var lastID = 0
    }
    private let state: Mutex<State>
    private let maximumBytes: Int

    /// - Parameter maximumBytes: in memory: each text, and about three times as much for its value.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
        state = Mutex(State(parts: ByteIndex(limit: maximumBytes / 2), conversations: ByteIndex(limit: maximumBytes / 2)))
    }

    var bytes: Int { state.withLock { $0.parts.bytes + $0.conversations.bytes } }

    func clear() {
        state.withLock { state in
            state.parts = ByteIndex(limit: maximumBytes / 2)
            state.conversations = ByteIndex(limit: maximumBytes / 2)
        }
    }

    // MARK: tools and system

    func find(_ member: BodyMember, _ rest: UnsafeBufferPointer<UInt8>) -> (id: Int, part: Part)? {
        guard let bucket = ByteIndex<Part>.bucket(rest, member.rawValue) else { return nil }
        let candidates = state.withLock { $0.parts.candidates(bucket) }
        guard let found = candidates.first(where: { Self.isSame(rest, $0.item.text, from: 0, to: $0.item.text.count) }) else { return nil }
        state.withLock { $0.parts.touch(found.id) }
        return (found.id, found.item)
    }

    /// - Returns: nil where it is too short or too large to be kept.
    func add(_ member: BodyMember, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON) -> (id: Int, part: Part)? {
        guard let bucket = ByteIndex<Part>.bucket(text, member.rawValue), Self.cost(text) <= maximumBytes / 2 else { return nil }
        // Another request may have brought it just now; then both have it by one name.
        if let known = find(member, text) { return known }
        let part = Part(text: Array(text), value: value, digest: member.digest(of: value))
        return state.withLock { state in
            state.lastID += 1
            state.parts.add(part, id: state.lastID, bytes: Self.cost(text), bucket)
            return (state.lastID, part)
        }
    }

    // MARK: conversations

    /// The earlier conversation that has most messages in common with the one that `rest` begins with, and how many.
    func beginning(of rest: UnsafeBufferPointer<UInt8>) -> (id: Int, conversation: Conversation, count: Int)? {
        guard let bucket = ByteIndex<Conversation>.bucket(rest, "messages") else { return nil }
        var best: (id: Int, conversation: Conversation, count: Int)?
        for (id, conversation) in state.withLock({ $0.conversations.candidates(bucket) }) {
            var count = 0
            var start = 0
            for end in conversation.ends {
                // What ends with a brace ends there whatever follows.
                guard Self.isSame(rest, conversation.text, from: start, to: end), conversation.text[end - 1] == UInt8(ascii: "}") else { break }
                count += 1
                start = end
            }
            if count > best?.count ?? 0 { best = (id, conversation, count) }
        }
        if let best { state.withLock { $0.conversations.touch(best.id) } }
        return best
    }

    /// - Parameter earlier: the conversation that this one continues, and which nobody will send any more.
    func add(_ conversation: Conversation, _ text: UnsafeBufferPointer<UInt8>, inPlaceOf earlier: Int?) {
        guard let bucket = ByteIndex<Conversation>.bucket(text, "messages") else { return }
        state.withLock { state in
            if let earlier { state.conversations.remove(earlier) }
            state.lastID += 1
            state.conversations.add(conversation, id: state.lastID, bytes: Self.cost(text), bucket)
        }
    }

    private static func cost(_ text: UnsafeBufferPointer<UInt8>) -> Int { 4 * text.count + 512 }

    private static func isSame(_ rest: UnsafeBufferPointer<UInt8>, _ text: [UInt8], from start: Int, to end: Int) -> Bool {
        guard end <= rest.count, end <= text.count, let base = rest.baseAddress else { return false }
        return text.withUnsafeBytes { text in text.baseAddress.map { memcmp($0 + start, base + start, end - start) == 0 } ?? false }
    }
}

/// The members of a body that a session repeats.
enum BodyMember: String {
    case tools, system

    func digest(of value: JSON) -> String {
        var digest = ContentDigest()
        switch self {
        case .tools: digest.add(blocks: value)
        case .system: digest.add(system: value)
        }
        return digest.hex
    }
}
