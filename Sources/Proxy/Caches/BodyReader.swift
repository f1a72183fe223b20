import JSON
import Messages

/// One reading of a body, with what is remembered of earlier ones.
struct BodyReader: JSONMemory {
    private let memory: BodyMemory
    private var heads: [BodyMember: (id: Int, digest: String)] = [:]
    private var digests: [String] = []
    /// The conversation that this one continues, and how many of its messages.
    private var earlier: (id: Int, conversation: BodyMemory.Conversation, count: Int)?
    /// Of what was not read again.
    private(set) var recalledBytes = 0

    init(_ memory: BodyMemory) { self.memory = memory }

    mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)? {
        guard let member = BodyMember(rawValue: key), let found = memory.find(member, rest) else { return nil }
        heads[member] = (found.id, found.part.digest)
        recalledBytes += found.part.text.count
        return (found.part.value, found.part.text.count)
    }

    mutating func recallBeginning(of key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (elements: [JSON], ends: [Int])? {
        guard key == "messages", let found = memory.beginning(of: rest) else { return nil }
        earlier = found
        recalledBytes += found.conversation.ends[found.count - 1]
        return (Array(found.conversation.messages[..<found.count]), Array(found.conversation.ends[..<found.count]))
    }

    mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON, ends: [Int]) {
        if let member = BodyMember(rawValue: key) {
            heads[member] = memory.add(member, text, value).map { ($0.id, $0.part.digest) }
        } else if key == "messages", case .array(let messages) = value, ends.count == messages.count {
            learn(text, messages, ends)
        }
    }

    private mutating func learn(_ text: UnsafeBufferPointer<UInt8>, _ messages: [JSON], _ ends: [Int]) {
        let known = earlier.map { $0.conversation.digests[..<$0.count] } ?? []
        digests = Array(known) + messages[known.count...].map(ContentDigest.ofMessage)
        // The last message changes its form when others follow; one that shares less is another conversation.
        let isContinued = earlier.map { $0.count + 1 >= $0.conversation.messages.count } ?? false
        memory.add(
            .init(text: Array(text), ends: ends, messages: messages, digests: digests), text, inPlaceOf: isContinued ? earlier?.id : nil)
    }

    /// What is known of the body that was read.
    func parts(of body: JSON) -> BodyParts { BodyParts(head: head(of: body), messages: digests) }

    private func head(of body: JSON) -> BodyParts.Head? {
        func known(_ member: BodyMember) -> (id: Int, digest: String)? {
            body[member.rawValue]?.isNull ?? true ? (0, member.digest(of: .null)) : heads[member]
        }
        guard let tools = known(.tools), let system = known(.system) else { return nil }
        return BodyParts.Head(tools: tools.id, system: system.id, digest: tools.digest + system.digest)
    }
}
