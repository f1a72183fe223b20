/// Leaves out the token that ends a model's turn where its server tells it as text: at the end of the answer alone, since a model may
/// write about such tokens too.
struct TurnEnd: Sendable {
    /// DeepSeek, ChatML (Qwen, Kimi), Llama 3, and the older ones.
    private static let markers = ["<｜end▁of▁sentence｜>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "</s>"].map { Array($0.utf8) }
    private static let longest = markers.map(\.count).max() ?? 0
    private var held: [UInt8] = []

    mutating func read(_ text: String) -> String {
        held += text.utf8
        let length = held.count - heldLength
        defer { held.removeSubrange(..<length) }
        return String(decoding: held[..<length], as: UTF8.self)
    }

    /// How much of the end is a marker, or may become one.
    private var heldLength: Int {
        for length in stride(from: min(Self.longest, held.count), to: 0, by: -1) {
            let tail = held.suffix(length)
            if Self.markers.contains(where: { $0.starts(with: tail) }) { return length }
        }
        return 0
    }

    /// The text has ended.
    mutating func finish() -> String {
        defer { held = [] }
        return Self.markers.contains(held) ? "" : String(decoding: held, as: UTF8.self)
    }
}
