/// What stands before a message of Harmony: who writes it, on which channel, and to whom.
///
/// `<|start|>assistant<|channel|>commentary to=functions.name <|constrain|>json<|message|>`, where the recipient may stand behind the
/// role too, and the role may be the prompt's last word.
struct HarmonyHeader: Sendable {
    enum Reading {
        case unfinished
        case none
        case found(HarmonyHeader, end: Int)
    }

    var channel: String?
    var recipient: String?

    private static let message = "<|message|>"
    private static let longest = 1024
    private static let mostWords = 8
    /// What a header is made of besides the recipient and the kind of its content.
    private static let words: Set<String> = [
        "<|start|>", "<|channel|>", "<|constrain|>", "assistant", "analysis", "commentary", "final", "json", "code",
    ]

    static func read(_ bytes: [UInt8]) -> Reading {
        let head = Array(bytes.prefix(longest))
        guard let range = MarkerScan.first(of: [Array(message.utf8)], in: head)?.range else {
            return bytes.count < longest && isHeader(words(of: head[...]), isWhole: false) ? .unfinished : .none
        }
        let words = words(of: head[..<range.lowerBound])
        guard isHeader(words, isWhole: true) else { return .none }
        var header = HarmonyHeader()
        for (index, word) in words.enumerated() {
            if word.hasPrefix("to=") { header.recipient = String(word.dropFirst(3)) }
            if index > 0, words[index - 1] == "<|channel|>" { header.channel = word }
        }
        return .found(header, end: range.upperBound)
    }

    /// Whether the beginning of a header says only who begins to write.
    static func saysNothing(_ bytes: [UInt8]) -> Bool {
        let words = words(of: bytes[...])
        return isHeader(words, isWhole: false) && words.dropLast().allSatisfy(Self.words.contains) && words.last?.hasPrefix("to=") != true
            && !words.dropLast().suffix(1).contains("<|constrain|>")
    }

    /// Of names of tools and kinds of content; a sign of `to=` is among them.
    private static func isNameByte(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && !"\"'`{}<>|".utf8.contains(byte) }

    private static func isHeader(_ words: [String], isWhole: Bool) -> Bool {
        guard words.count <= mostWords + (isWhole ? 0 : 1) else { return false }
        return words.indices.allSatisfy { index in
            let word = words[index]
            if Self.words.contains(word) { return true }
            let isNamed = word.hasPrefix("to=") || index > 0 && words[index - 1] == "<|constrain|>"
            if isNamed, word.utf8.allSatisfy(isNameByte) { return true }
            return !isWhole && index == words.count - 1 && Self.words.union([message, "to="]).contains { $0.hasPrefix(word) }
        }
    }

    /// Words, and markers as words of their own.
    private static func words(of bytes: ArraySlice<UInt8>) -> [String] {
        String(decoding: bytes, as: UTF8.self).replacing("<", with: " <").replacing("|>", with: "|> ").split(separator: " ").map(String.init)
    }
}
