/// Python's `textwrap.wrap` of one line, without its changes of white space.
struct PythonWrapping {
    var width: Int
    var breaksWords: Bool
    var breaksHyphens: Bool

    private typealias Chunk = ArraySlice<Unicode.Scalar>

    func lines(of text: String) -> [String] {
        var chunks = Array(chunks(of: Array(text.unicodeScalars)).reversed())
        var lines: [String] = []
        while !chunks.isEmpty {
            if !lines.isEmpty, let last = chunks.last, Self.isBlank(last) { chunks.removeLast() }
            var line: [Chunk] = []
            var length = 0
            while let next = chunks.last, length + next.count <= width {
                line.append(chunks.removeLast())
                length += next.count
            }
            if let next = chunks.last, next.count > width { breakWord(&chunks, &line, room: width - length) }
            if let last = line.last, Self.isBlank(last) { line.removeLast() }
            if !line.isEmpty { lines.append(String(String.UnicodeScalarView(line.joined()))) }
        }
        return lines
    }

    /// A word that is longer than a line.
    private func breakWord(_ chunks: inout [Chunk], _ line: inout [Chunk], room: Int) {
        guard let word = chunks.last else { return }
        guard breaksWords else {
            if line.isEmpty { line.append(chunks.removeLast()) }
            return
        }
        var end = word.startIndex + room
        if breaksHyphens, word.count > room, let hyphen = word[..<end].lastIndex(of: "-"), word[..<hyphen].contains(where: { $0 != "-" }) {
            end = hyphen + 1
        }
        line.append(word[..<end])
        chunks[chunks.count - 1] = word[end...]
    }

    // MARK: Chunks

    private func chunks(of text: [Unicode.Scalar]) -> [Chunk] {
        var chunks: [Chunk] = []
        var start = 0
        while start < text.count {
            var end = start + 1
            if Self.isSpace(text[start]) {
                while end < text.count, Self.isSpace(text[end]) { end += 1 }
            } else if breaksHyphens, let dash = Self.dash(text, at: start), start > 0, Self.isBeforeDash(text[start - 1]) {
                end = dash
            } else {
                while end < text.count, !Self.isSpace(text[end]) {
                    if breaksHyphens, Self.isHyphen(text, at: end) {
                        end += 1
                        break
                    }
                    if breaksHyphens, Self.isBeforeDash(text[end - 1]), Self.dash(text, at: end) != nil { break }
                    end += 1
                }
            }
            chunks.append(text[start..<end])
            start = end
        }
        return chunks
    }

    /// The end of two hyphens or more with a word behind them.
    private static func dash(_ text: [Unicode.Scalar], at start: Int) -> Int? {
        var end = start
        while end < text.count, text[end] == "-" { end += 1 }
        return end - start >= 2 && end < text.count && isWord(text[end]) ? end : nil
    }

    /// Whether a word may be parted behind the hyphen at `index`.
    private static func isHyphen(_ text: [Unicode.Scalar], at index: Int) -> Bool {
        func isLetter(_ index: Int) -> Bool { text.indices.contains(index) && Self.isLetter(text[index]) }
        func isDash(_ index: Int) -> Bool { text.indices.contains(index) && text[index] == "-" }
        guard isDash(index) else { return false }
        let isAfter = isLetter(index - 1) && (isLetter(index - 2) || isDash(index - 2) && isLetter(index - 3))
        return isAfter && isLetter(index + 1) && (isLetter(index + 2) || isDash(index + 2) && isLetter(index + 3))
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { (0x09...0x0D).contains(scalar.value) || scalar == " " }
    private static func isBlank(_ chunk: Chunk) -> Bool { chunk.allSatisfy(PythonText.isSpace) }
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { isWord(scalar) && scalar.properties.generalCategory != .decimalNumber }
    private static func isBeforeDash(_ scalar: Unicode.Scalar) -> Bool { isWord(scalar) || "!\"'&.,?".unicodeScalars.contains(scalar) }
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || PythonText.satisfies("isalnum", String(scalar)) }
}
