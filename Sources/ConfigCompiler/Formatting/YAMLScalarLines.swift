/// The lines of a text that is written on several: a plain or quoted one, whose white space around line breaks means nothing.
enum FoldedLines {
    /// - Parameter indentation: of each line but the first.
    static func append(_ text: ArraySlice<UInt8>, isDoubleQuoted: Bool, indentation: Int, to out: inout [UInt8]) {
        let lines = SourceLines.split(text)
        for (index, line) in lines.enumerated() {
            var rest = line
            if index > 0 {
                out.append(0x0A)
                rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
                if !rest.isEmpty { out += repeatElement(0x20, count: indentation) }
            }
            if index < lines.count - 1 { rest = withoutTrailingBlanks(rest, isDoubleQuoted: isDoubleQuoted) }
            out += rest
        }
    }

    /// In double quotes, a blank after a backslash is part of the text.
    private static func withoutTrailingBlanks(_ line: ArraySlice<UInt8>, isDoubleQuoted: Bool) -> ArraySlice<UInt8> {
        guard let last = line.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return [] }
        let kept = line[...last]
        guard isDoubleQuoted, last + 1 < line.endIndex else { return kept }
        let backslashes = kept.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return backslashes % 2 == 1 ? line[...(last + 1)] : kept
    }
}

/// A literal or folded text: its head, and lines whose indentation is not part of it.
struct BlockScalarLines {
    /// Indicators, as `|2-`.
    private(set) var head: ArraySlice<UInt8>
    /// The comment on the head's line.
    private(set) var comment: YAMLGap.Comment?
    private var lines: [ArraySlice<UInt8>]
    private let isEnded: Bool
    /// The indentation that its head asks for.
    private let digit: Int?
    /// Spaces that each line begins with and that are not part of the text.
    private let indentation: Int
    /// Blank lines at its end that are not part of the text.
    private(set) var hasBlankEnd = false

    /// - Parameters:
    ///   - token: from the indicator to the start of the line after it, or the end of the text.
    ///   - column: of the collection around it; nil where there is none.
    init(_ bytes: [UInt8], _ token: Range<Int>, column: Int?) {
        let all = SourceLines.split(bytes[token])
        let first = all.first ?? []
        let hash = first.firstIndex(of: UInt8(ascii: "#"))
        let before = first[..<(hash ?? first.endIndex)]
        head = before[..<(before.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? before.startIndex)]
        if let hash, let gap = YAMLGap(bytes, head.endIndex..<first.endIndex, startsLine: false) {
            comment = gap.comments.first { $0.range.lowerBound == hash }
        }
        digit = head.first { (0x31...0x39).contains($0) }.map { Int($0) - 0x30 }
        lines = Array(all.dropFirst())
        isEnded = lines.last?.isEmpty ?? false
        if isEnded { lines.removeLast() }
        let text = lines.first { $0.contains { $0 != 0x20 } }
        indentation = digit.map { (column ?? 0) + $0 } ?? text?.prefix { $0 == 0x20 }.count ?? Int.max
        guard !head.contains(UInt8(ascii: "+")) else { return }
        let count = lines.count
        while let last = lines.last, isBlank(last) { lines.removeLast() }
        hasBlankEnd = lines.count < count
    }

    /// A line of spaces that is not longer than the indentation; longer ones have spaces that count.
    private func isBlank(_ line: ArraySlice<UInt8>) -> Bool { line.count <= indentation && line.allSatisfy { $0 == 0x20 } }

    /// Whether a line break at its end would be one more character of the text.
    var needsNoBreak: Bool { !isEnded && !lines.isEmpty && !head.contains(UInt8(ascii: "-")) }

    var hasLines: Bool { !lines.isEmpty }

    /// - Parameter column: the new one of the collection around it; nil where there is none.
    func append(column: Int?, to out: inout [UInt8]) {
        let spaces = (column ?? 0) + (digit ?? 2)
        for (index, line) in lines.enumerated() {
            let rest = isBlank(line) ? [] : line.dropFirst(indentation)
            if !rest.isEmpty { out += repeatElement(0x20, count: spaces) + rest }
            if index < lines.count - 1 || !needsNoBreak { out.append(0x0A) }
        }
    }
}

/// Lines of bytes that end with LF, CRLF or CR.
enum SourceLines {
    /// One more than there are line breaks.
    static func split(_ text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            guard byte == 0x0A || byte == 0x0D else { continue }
            result.append(text[start..<index - 1])
            if byte == 0x0D, index < text.endIndex, text[index] == 0x0A { index += 1 }
            start = index
        }
        result.append(text[start...])
        return result
    }
}
