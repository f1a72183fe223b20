extension TemplateLexer {
    /// Reads the tokens of one tag and its end.
    mutating func readTag(isBlock: Bool) throws(RuntimeError) {
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

    func tagEnd(isBlock: Bool) -> Int? {
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

    mutating func readName() {
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

    mutating func readNumber() throws(RuntimeError) {
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
    mutating func readInBase() throws(RuntimeError) -> Bool {
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

    mutating func readString(quote: UInt8) throws(RuntimeError) {
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

    mutating func readSymbol(_ open: inout [UInt8]) throws(RuntimeError) {
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
