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

    private let source: [UInt8]
    private var position = 0
    private var line = 1
    private var tokens: [Located] = []
    /// Whether what comes next stands at the beginning of a line of the template.
    private var atLineStart = true

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

    private func failure(_ message: String) -> RuntimeError { RuntimeError("chat template, line \(line): \(message)") }

    private func starts(with text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= source.count else { return false }
        for index in 0..<text.utf8CodeUnitCount where source[offset + index] != text.utf8Start[index] { return false }
        return true
    }

    private mutating func append(_ token: Token) { tokens.append(Located(token: token, line: line)) }

    private mutating func advance(to end: Int) {
        for index in position..<end where source[index] == 0x0A { line += 1 }
        if end > position { atLineStart = source[end - 1] == 0x0A }
        position = end
    }

    private mutating func run() throws(RuntimeError) {
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

    private func nextTag() -> Int? {
        var index = position
        while index + 1 < source.count {
            if source[index] == UInt8(ascii: "{"), [UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#")].contains(source[index + 1]) {
                return index
            }
            index += 1
        }
        return nil
    }

    private mutating func emitText(_ range: Range<Int>) {
        if !range.isEmpty { append(.text(String(decoding: source[range], as: UTF8.self))) }
    }

    /// Where the text before a block ends when the block stands alone at the beginning of its line.
    private func endWithoutIndentation(_ tag: Int) -> Int {
        let lineStart = source[position..<tag].lastIndex(of: 0x0A).map { $0 + 1 } ?? position
        guard lineStart > position || atLineStart else { return tag }
        return PythonText.trimmedEnd(source, lineStart..<tag) == lineStart ? lineStart : tag
    }

    /// After a block or comment: one line break goes with it, and all white space after a minus.
    private func endOfTag(_ close: Int, sign: UInt8) -> Int {
        if sign == UInt8(ascii: "-") { return PythonText.trimmedStart(source, close..<source.count) }
        return sign != UInt8(ascii: "+") && close < source.count && source[close] == 0x0A ? close + 1 : close
    }

    private mutating func skipComment(from begin: Int) throws(RuntimeError) {
        var index = begin
        while !starts(with: "#}", at: index) {
            index += 1
            guard index < source.count else { throw failure("a comment is not closed by `#}`") }
        }
        let sign = index > begin ? source[index - 1] : 0
        advance(to: endOfTag(index + 2, sign: sign))
    }

    private func skipSpace(_ index: Int) -> Int { PythonText.trimmedStart(source, index..<source.count) }

    /// The end of `{% raw %}` when this is one.
    private func rawBegin(from begin: Int) -> Int? {
        let word = skipSpace(begin)
        guard starts(with: "raw", at: word) else { return nil }
        let end = skipSpace(word + 3)
        if starts(with: "-%}", at: end) { return skipSpace(end + 3) }
        return starts(with: "%}", at: end) ? end + 2 : nil
    }

    private mutating func readRaw() throws(RuntimeError) {
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

extension TemplateLexer {
    /// Reads the tokens of one tag and its end.
    private mutating func readTag(isBlock: Bool) throws(RuntimeError) {
        var open: [UInt8] = []
        while true {
            advance(to: skipSpace(position))
            guard position < source.count else { throw failure("a tag is not closed by `\(isBlock ? "%}" : "}}")`") }
            if open.isEmpty, let end = tagEnd(isBlock: isBlock) {
                append(isBlock ? .blockEnd : .variableEnd)
                advance(to: end)
                return
            }
            let byte = source[position]
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""): try readString(quote: byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
            case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...: readName()
            default: try readSymbol(&open)
            }
        }
    }

    private func tagEnd(isBlock: Bool) -> Int? {
        var sign: UInt8 = 0
        var index = position
        if source[index] == UInt8(ascii: "-") || (isBlock && source[index] == UInt8(ascii: "+")) {
            sign = source[index]
            index += 1
        }
        if isBlock { return starts(with: "%}", at: index) ? endOfTag(index + 2, sign: sign) : nil }
        guard starts(with: "}}", at: index) else { return nil }
        return sign == UInt8(ascii: "-") ? skipSpace(index + 2) : index + 2
    }

    private mutating func readName() {
        var end = position
        while end < source.count {
            switch source[end] {
            case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
                end += 1
                continue
            default: break
            }
            break
        }
        append(.name(String(decoding: source[position..<end], as: UTF8.self)))
        advance(to: end)
    }

    private mutating func readNumber() throws(RuntimeError) {
        func digits(from start: Int) -> Int {
            var end = start
            while end < source.count, (0x30...0x39).contains(source[end]) || (source[end] == UInt8(ascii: "_") && end > start) { end += 1 }
            return end
        }
        if try readInBase() { return }
        var end = digits(from: position)
        var isFloat = false
        if end + 1 < source.count, source[end] == UInt8(ascii: "."), (0x30...0x39).contains(source[end + 1]) {
            isFloat = true
            end = digits(from: end + 1)
        }
        if end < source.count, source[end] | 0x20 == UInt8(ascii: "e") {
            var exponent = end + 1
            if exponent < source.count, source[exponent] == UInt8(ascii: "+") || source[exponent] == UInt8(ascii: "-") { exponent += 1 }
            let exponentEnd = digits(from: exponent)
            if exponentEnd > exponent {
                isFloat = true
                end = exponentEnd
            }
        }
        let text = String(decoding: source[position..<end].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        if isFloat, let value = Double(text) {
            append(.float(value))
        } else if let value = Int(text) {
            append(.integer(value))
        } else {
            throw failure("`\(text)` is not a number that fits 64 bits")
        }
        advance(to: end)
    }

    /// `0x1f`, `0o17`, `0b11`; false where no such number stands here.
    private mutating func readInBase() throws(RuntimeError) -> Bool {
        guard position + 2 < source.count, source[position] == UInt8(ascii: "0") else { return false }
        let radix: Int
        switch source[position + 1] | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return false
        }
        func isDigit(_ byte: UInt8) -> Bool { Character(UnicodeScalar(byte)).hexDigitValue.map { $0 < radix } ?? false }
        var digits: [UInt8] = []
        var end = position + 2
        while end < source.count {
            if isDigit(source[end]) {
                digits.append(source[end])
                end += 1
            } else if source[end] == UInt8(ascii: "_"), end + 1 < source.count, isDigit(source[end + 1]) {
                end += 1
            } else {
                break
            }
        }
        guard !digits.isEmpty else { return false }
        let text = String(decoding: digits, as: UTF8.self)
        guard let value = Int(text, radix: radix) else { throw failure("`\(text)` is not a number that fits 64 bits") }
        append(.integer(value))
        advance(to: end)
        return true
    }

    private mutating func readString(quote: UInt8) throws(RuntimeError) {
        var end = position + 1
        while end < source.count, source[end] != quote { end += source[end] == UInt8(ascii: "\\") ? 2 : 1 }
        guard end < source.count else { throw failure("a string is not closed") }
        let content = source[(position + 1)..<end]
        append(.string(try PythonText.unescaped(content, failure)))
        advance(to: end + 1)
    }

    private static let symbols: [StaticString] = [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ]

    private mutating func readSymbol(_ open: inout [UInt8]) throws(RuntimeError) {
        guard let symbol = Self.symbols.first(where: { starts(with: $0, at: position) }) else {
            throw failure("unexpected character `\(String(decoding: source[position...].prefix(1), as: UTF8.self))` in a tag")
        }
        let byte = source[position]
        switch byte {
        case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
        case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
        case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            guard open.popLast() == byte else { throw failure("`\(Character(UnicodeScalar(byte)))` closes nothing that is open") }
        default: break
        }
        append(.symbol("\(symbol)"))
        advance(to: position + symbol.utf8CodeUnitCount)
    }
}
