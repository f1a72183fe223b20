/// Cuts a template into text and the tokens of its tags (Jinja 3's lexer with `trim_blocks` and `lstrip_blocks`, as Hugging Face sets them).
struct TemplateLexer {
    enum Token: Equatable {
        case text(String)
        case variableBegin, variableEnd, blockBegin, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case float(Double)
        case symbol(String)
    }

    struct Located {
        var token: Token
        var line: Int
    }

    let source: [UInt8]
    var position = 0
    var line = 1
    var tokens: [Located] = []
    /// Whether what comes next stands at the beginning of a line of the template.
    var atLineStart = true

    static func tokens(of source: String) throws(RuntimeError) -> [Located] {
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.tokens
    }

    private init(_ text: String) {
        // Line breaks become LF and one at the very end is dropped, as in Jinja.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x0D {
                bytes.append(0x0A)
            } else if !(byte == 0x0A && previous == 0x0D) {
                bytes.append(byte)
            }
            previous = byte
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        source = bytes
    }

    func failure(_ message: String) -> RuntimeError { RuntimeError("chat template, line \(line): \(message)") }

    func starts(with text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= source.count else { return false }
        for index in 0..<text.utf8CodeUnitCount where source[offset + index] != text.utf8Start[index] { return false }
        return true
    }

    mutating func append(_ token: Token) { tokens.append(Located(token: token, line: line)) }

    mutating func advance(to end: Int) {
        for index in position..<end where source[index] == 0x0A { line += 1 }
        if end > position { atLineStart = source[end - 1] == 0x0A }
        position = end
    }

    mutating func run() throws(RuntimeError) {
        while position < source.count {
            guard let tag = nextTag() else {
                emitText(position..<source.count)
                advance(to: source.count)
                return
            }
            let sign = tag + 2 < source.count ? source[tag + 2] : 0
            var textEnd = tag
            if sign == UInt8(ascii: "-") {
                textEnd = PythonText.trimmedEnd(source, position..<tag)
            } else if sign != UInt8(ascii: "+"), !starts(with: "{{", at: tag) {
                textEnd = endWithoutIndentation(tag)
            }
            emitText(position..<textEnd)
            advance(to: tag)
            let begin = tag + (sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? 3 : 2)
            if starts(with: "{#", at: tag) {
                try skipComment(from: begin)
            } else if starts(with: "{%", at: tag), let end = rawBegin(from: begin) {
                advance(to: end)
                try readRaw()
            } else {
                let isBlock = starts(with: "{%", at: tag)
                append(isBlock ? .blockBegin : .variableBegin)
                advance(to: begin)
                try readTag(isBlock: isBlock)
            }
        }
    }

    func nextTag() -> Int? {
        var index = position
        while index + 1 < source.count {
            if source[index] == UInt8(ascii: "{"), [UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#")].contains(source[index + 1]) {
                return index
            }
            index += 1
        }
        return nil
    }

    mutating func emitText(_ range: Range<Int>) {
        if !range.isEmpty { append(.text(String(decoding: source[range], as: UTF8.self))) }
    }

    /// Where the text before a block ends when the block stands alone at the beginning of its line.
    func endWithoutIndentation(_ tag: Int) -> Int {
        let lineStart = source[position..<tag].lastIndex(of: 0x0A).map { $0 + 1 } ?? position
        guard lineStart > position || atLineStart else { return tag }
        return PythonText.trimmedEnd(source, lineStart..<tag) == lineStart ? lineStart : tag
    }

    /// After a block or comment: one line break goes with it, and all white space after a minus.
    func endOfTag(_ close: Int, sign: UInt8) -> Int {
        if sign == UInt8(ascii: "-") { return PythonText.trimmedStart(source, close..<source.count) }
        return sign != UInt8(ascii: "+") && close < source.count && source[close] == 0x0A ? close + 1 : close
    }

    mutating func skipComment(from begin: Int) throws(RuntimeError) {
        var index = begin
        while !starts(with: "#}", at: index) {
            index += 1
            guard index < source.count else { throw failure("a comment is not closed by `#}`") }
        }
        let sign = index > begin ? source[index - 1] : 0
        advance(to: endOfTag(index + 2, sign: sign))
    }

    func skipSpace(_ index: Int) -> Int { PythonText.trimmedStart(source, index..<source.count) }

    /// The end of `{% raw %}` when this is one.
    func rawBegin(from begin: Int) -> Int? {
        let word = skipSpace(begin)
        guard starts(with: "raw", at: word) else { return nil }
        let end = skipSpace(word + 3)
        if starts(with: "-%}", at: end) { return skipSpace(end + 3) }
        return starts(with: "%}", at: end) ? end + 2 : nil
    }

    mutating func readRaw() throws(RuntimeError) {
        var index = position
        while index < source.count {
            defer { index += 1 }
            guard starts(with: "{%", at: index) else { continue }
            let sign = index + 2 < source.count ? source[index + 2] : 0
            let signed = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
            let word = skipSpace(index + (signed ? 3 : 2))
            guard starts(with: "endraw", at: word) else { continue }
            var end = skipSpace(word + 6)
            var endSign: UInt8 = 0
            if end < source.count, source[end] == UInt8(ascii: "-") || source[end] == UInt8(ascii: "+") {
                endSign = source[end]
                end += 1
            }
            guard starts(with: "%}", at: end) else { continue }
            let textEnd =
                sign == UInt8(ascii: "-")
                ? PythonText.trimmedEnd(source, position..<index) : sign == UInt8(ascii: "+") ? index : endWithoutIndentation(index)
            emitText(position..<textEnd)
            advance(to: endOfTag(end + 2, sign: endSign))
            return
        }
        throw failure("`{% raw %}` is not closed by `{% endraw %}`")
    }
}
