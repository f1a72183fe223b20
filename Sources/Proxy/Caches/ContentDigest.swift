import Crypto
import JSON

/// SHA-256 of values one after the other, without a text of them being made; and of requests, without what changes nothing in an answer.
///
/// Two sequences of values have the same bytes only where they are the same.
struct ContentDigest {
    private var hasher = SHA256()
    private var pending: [UInt8] = []
    private static let limit = 4096

    init() {}

    var hex: String {
        var hasher = hasher
        pending.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return Digest.hex(hasher.finalize())
    }

    mutating func add(_ json: JSON) {
        switch json {
        case .null: add(tag: "n")
        case .bool(let value): add(tag: value ? "t" : "f")
        case .integer(let value): add(tagged: "i", String(value))
        case .number(let number): add(tagged: "d", number.text)
        case .string(let text): add(tagged: "s", text)
        case .array(let elements):
            add(tag: "[", count: elements.count)
            for element in elements { add(element) }
        case .object(let object):
            add(tag: "{", count: object.count)
            for member in object.members {
                add(tagged: "k", member.key)
                add(member.value)
            }
        }
    }

    // MARK: requests

    /// Without the block that differs in each session and never reaches a model.
    mutating func add(system: JSON) {
        guard let blocks = system.arrayValue else { return add(system) }
        add(blocks: .array(blocks.filter { $0["text"]?.stringValue?.hasPrefix("x-anthropic-billing-header:") != true }))
    }

    /// Of each message alone, so that one who knows the earlier ones need not read them.
    static func ofMessages(_ messages: JSON) -> [String] { (messages.arrayValue ?? []).map(ofMessage) }

    static func ofMessage(_ message: JSON) -> String {
        var digest = ContentDigest()
        digest.add(withContent: message, leavingOut: nil)
        return digest.hex
    }

    /// Without breakpoints, where the API has them: on tools, on blocks, and on the blocks of a tool's result. Deeper, the word is the
    /// conversation's own.
    mutating func add(blocks: JSON) {
        guard let list = blocks.arrayValue else { return add(blocks) }
        add(tag: "[", count: list.count)
        for block in list { add(withContent: block, leavingOut: "cache_control") }
    }

    private mutating func add(withContent json: JSON, leavingOut left: String?) {
        guard let object = json.objectValue else { return add(json) }
        let holdsBlocks = left == nil || object["type"]?.stringValue == "tool_result"
        add(tag: "{")
        for member in object.members where member.key != left {
            add(tagged: "k", member.key)
            if holdsBlocks, member.key == "content" { add(blocks: member.value) } else { add(member.value) }
        }
        add(tag: "}")
    }

    // MARK: bytes

    private mutating func add(tagged tag: Unicode.Scalar, _ text: String) {
        add(tag: tag, count: text.utf8.count)
        var text = text
        text.withUTF8 { bytes in
            if bytes.count <= Self.limit {
                pending.append(contentsOf: bytes)
            } else {
                flush()
                hasher.update(bufferPointer: UnsafeRawBufferPointer(bytes))
            }
        }
        if pending.count > Self.limit { flush() }
    }

    private mutating func add(tag: Unicode.Scalar) { pending.append(UInt8(truncatingIfNeeded: tag.value)) }

    private mutating func add(tag: Unicode.Scalar, count: Int) {
        add(tag: tag)
        // Seven bits at a time, the last with its high bit clear: a length ends where it says.
        var rest = count
        while rest > 0x7F {
            pending.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        pending.append(UInt8(truncatingIfNeeded: rest))
        if pending.count > Self.limit { flush() }
    }

    private mutating func flush() {
        pending.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        pending.removeAll(keepingCapacity: true)
    }
}
