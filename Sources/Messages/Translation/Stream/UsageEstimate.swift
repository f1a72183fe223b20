import JSON

/// Tokens by the length of texts: what stands in for counts that a server does not give. Clients decide by them when a conversation has
/// to be made shorter, and by zeros they never would.
public enum UsageEstimate {
    /// Of English and code in the vocabularies of current models: 3.5 to 4.5 (a request of Claude Code has 4.4).
    private static let bytesPerToken = 4
    /// What an image of a usual size costs, whatever its bytes are.
    private static let tokensPerImage = 1500

    public static func tokens(ofBytes bytes: Int) -> Int { (bytes + bytesPerToken - 1) / bytesPerToken }

    /// Of messages and tools as a chat-completions request has them.
    public static func tokens(of values: [JSON]) -> Int {
        var total = (bytes: 0, images: 0)
        for value in values { add(value, &total) }
        return tokens(ofBytes: total.bytes) + total.images * tokensPerImage
    }

    private static func add(_ json: JSON, _ total: inout (bytes: Int, images: Int)) {
        switch json {
        case .string(let text): if text.hasPrefix("data:image/") { total.images += 1 } else { total.bytes += text.utf8.count }
        case .array(let elements): for element in elements { add(element, &total) }
        case .object(let object):
            for member in object.members {
                total.bytes += member.key.utf8.count
                add(member.value, &total)
            }
        case .integer, .number, .bool, .null: total.bytes += 4
        }
    }
}

/// The answer's tokens, as far as its pieces show them: each has one at least.
struct OutputCount: Sendable {
    private var pieces = 0
    private var bytes = 0

    var tokens: Int { max(pieces, UsageEstimate.tokens(ofBytes: bytes)) }

    mutating func add(_ piece: PlainChunk) {
        pieces += 1
        bytes += piece.text.utf8.count
    }

    mutating func add(_ delta: OpenAI.ChatChunk.Delta) {
        guard delta.says else { return }
        pieces += 1
        bytes += (delta.content ?? "").utf8.count + (delta.reasoning ?? "").utf8.count
        for call in delta.toolCalls { bytes += (call.name ?? "").utf8.count + (call.arguments ?? "").utf8.count }
    }
}
