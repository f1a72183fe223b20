/// Where sentences end, as far as bytes can say it.
enum Sentences {
    /// The first sentence of the first paragraph, cut at a word where it is longer than `bytes`.
    static func first(of text: String, upTo bytes: Int) -> String {
        let paragraph = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: true).first { !$0.trimmed.isEmpty } ?? ""
        return cut(prefix(of: String(paragraph.trimmed), sentences: 1), to: bytes)
    }

    /// The text up to the end of its sentence number `count`.
    static func prefix(of text: String, sentences count: Int) -> String {
        let utf8 = text.utf8
        var found = 0
        var index = utf8.startIndex
        while index < utf8.endIndex {
            let next = utf8.index(after: index)
            if ends.contains(utf8[index]), next == utf8.endIndex || utf8[next] == UInt8(ascii: " ") || utf8[next] == UInt8(ascii: "\n"),
                !isAbbreviation(utf8[..<index])
            {
                found += 1
                if found == count { return String(text[..<next]) }
            }
            index = next
        }
        return text
    }

    /// At most `bytes` bytes and a mark, whole words only.
    static func cut(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: bytes)
        // Never within a character.
        while end > text.startIndex, end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
        let head = text[..<end]
        let words = head.lastIndex { $0 == " " || $0 == "\n" }.map { head[..<$0] } ?? head
        return String(words.trimmed) + "…"
    }

    private static let ends: Set<UInt8> = [UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?")]

    /// `e.g.`, `i.e.`, `vs.` and single letters end no sentence.
    private static func isAbbreviation(_ before: Substring.UTF8View) -> Bool {
        let word = before.reversed().prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "(") }.reversed()
        return word.count == 1 || ["e.g", "i.e", "vs", "cf", "etc"].contains { word.elementsEqual($0.utf8) }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without the white space of ASCII at both ends.
    var trimmed: Substring {
        let whole = self[startIndex...]
        let isWord = { (byte: UInt8) in byte > 0x20 }
        guard let first = whole.utf8.firstIndex(where: isWord), let last = whole.utf8.lastIndex(where: isWord) else { return whole[endIndex...] }
        return whole[first..<whole.utf8.index(after: last)]
    }
}
