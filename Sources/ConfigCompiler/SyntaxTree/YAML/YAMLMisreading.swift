import Diagnostics

/// Finds what libyaml reads otherwise than YAML 1.2 says, without a word: such a text is refused instead of having two meanings.
///
/// It sees each event and the bytes between it and the one before, which hold indicators, comments and line breaks only.
struct YAMLMisreading {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: FileID
    /// Where the text begins, behind a byte order mark.
    private let start: Int
    private var previousEnd = 0
    /// Whether the document before ended without `...`.
    private var endedWithoutMark = false

    init(bytes: UnsafeBufferPointer<UInt8>, file: FileID) {
        self.bytes = bytes
        self.file = file
        start = BytePrecheck.hasByteOrderMark(bytes) ? 3 : 0
    }

    /// The fault before or in an event; nil where both readings are one.
    mutating func fault(in event: YAMLEvents.Event) -> Diagnostic? {
        let range = event.range
        if range.lowerBound > previousEnd, let comment = gluedComment(in: previousEnd..<range.lowerBound) { return gluedComment(at: comment) }
        previousEnd = max(previousEnd, range.upperBound)
        switch event.kind {
        case .documentEnd:
            endedWithoutMark = range.isEmpty
            return nil
        case .documentStart: return directive(range)
        case .scalar("-", _, _, .plain): return loneDash(range)
        case .scalar(_, _, let anchor, .block):
            // The whole scalar is one event; its header may have a comment.
            if anchor != nil, let fault = anchorName(range.lowerBound) { return fault }
            let lineEnd = bytes[range].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? range.upperBound
            let start = bytes[range.lowerBound..<lineEnd].lastIndex { $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: ">") } ?? range.lowerBound
            if let comment = gluedComment(in: start..<lineEnd) { return gluedComment(at: comment) }
            return nil
        case .scalar(_, _, let anchor, _), .sequenceStart(_, let anchor), .mappingStart(_, let anchor):
            if !range.isEmpty, let fault = gluedIndicator(before: range.lowerBound) { return fault }
            return anchor == nil ? nil : anchorName(range.lowerBound)
        case .alias:
            return gluedIndicator(before: range.lowerBound) ?? nameEnd(range.upperBound, range.lowerBound)
        default: return nil
        }
    }

    private func directive(_ range: Range<Int>) -> Diagnostic? {
        guard !range.isEmpty, bytes[range.lowerBound] == UInt8(ascii: "%") else { return nil }
        let place = SourceSpan(file, range.lowerBound..<range.lowerBound + 1)
        if endedWithoutMark {
            return Diagnostic(
                .yamlSyntax, "a directive after a document that has no end", at: place, label: "begins a directive, or goes on with the text?",
                notes: ["a line `...` must end the document before it"])
        }
        guard bytes[range].starts(with: "%YAML".utf8) else { return nil }
        let end = bytes[range].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? range.upperBound
        return gluedComment(in: range.lowerBound..<end).map(gluedComment(at:))
    }

    private func loneDash(_ range: Range<Int>) -> Diagnostic {
        Diagnostic(
            .yamlSyntax, "a `-` that is neither a text nor a list", at: SourceSpan(file, range), label: "quote it where the text \"-\" is meant")
    }

    /// The first `#` of indicators and comments that no white space precedes.
    private func gluedComment(in gap: Range<Int>) -> Int? {
        var index = gap.lowerBound
        while index < gap.upperBound {
            if bytes[index] == UInt8(ascii: "#") {
                guard index == start || isSpace(bytes[index - 1]) else { return index }
                while index < gap.upperBound, bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
            } else {
                index += 1
            }
        }
        return nil
    }

    private func gluedComment(at offset: Int) -> Diagnostic {
        let place = SourceSpan(file, offset..<offset + 1)
        return Diagnostic(
            .yamlSyntax, "a `#` without a space before it", at: place, label: "begins no comment here",
            notes: ["a comment needs white space before its `#`"], fixes: [Fix("put a space before it", .safe, edits: [.init(place.before, " ")])])
    }

    /// `[?x]` is the text "?x", and `[:x]` the text ":x"; libyaml takes the first character for an indicator.
    private func gluedIndicator(before start: Int) -> Diagnostic? {
        guard start > 0, start < bytes.count else { return nil }
        let indicator = bytes[start - 1]
        guard indicator == UInt8(ascii: "?") || (indicator == UInt8(ascii: ":") && !isAfterQuotedKey(start - 1)) else { return nil }
        let place = SourceSpan(file, start - 1..<start)
        return Diagnostic(
            .yamlSyntax, "`\(Character(UnicodeScalar(indicator)))` and what follows it have two meanings", at: place,
            label: "the first character of a text, or an indicator?",
            notes: ["quote the text, or put a space after the `\(Character(UnicodeScalar(indicator)))`"])
    }

    /// After a key in quotes or brackets, a colon needs no space behind it inside brackets.
    private func isAfterQuotedKey(_ colon: Int) -> Bool {
        var index = colon - 1
        while index >= 0, isSpace(bytes[index]) { index -= 1 }
        return index >= 0 && [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"), UInt8(ascii: "}")].contains(bytes[index])
    }

    /// The names of YAML 1.2 end at white space and brackets; libyaml's end at the first character that is no word's.
    private func anchorName(_ start: Int) -> Diagnostic? {
        guard let mark = bytes[start...].firstIndex(of: UInt8(ascii: "&")) else { return nil }
        let end = bytes[(mark + 1)...].firstIndex { !isNameByte($0) } ?? bytes.count
        return nameEnd(end, mark)
    }

    private func nameEnd(_ end: Int, _ start: Int) -> Diagnostic? {
        guard end < bytes.count, !isSpace(bytes[end]), ![UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}")].contains(bytes[end]) else {
            return nil
        }
        return Diagnostic(
            .yamlSyntax, "the name of an anchor goes on with `\(Character(UnicodeScalar(bytes[end])))`", at: SourceSpan(file, end..<end + 1),
            label: "part of the name, or its end?", secondary: [.init(SourceSpan(file, start..<start + 1), "the name begins here")],
            notes: ["use letters, digits, `-` and `_`, and put a space after the name"])
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private func isNameByte(_ byte: UInt8) -> Bool { byte.isWord || byte == UInt8(ascii: "-") }
}
