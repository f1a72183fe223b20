extension JSONParser {
    private mutating func digits() -> Int {
        let start = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    mutating func parseNumber() throws(JSONError) {
        let start = position
        if let small = smallInteger() { return sink.integer(small, at: start..<position) }
        var isInteger = true
        var hasExponent = false
        if current == UInt8(ascii: "-") { position += 1 }
        let leadingZero = current == UInt8(ascii: "0")
        let first = position
        guard digits() > 0 else { throw failure("a digit was expected") }
        if leadingZero, position - first > 1 { throw failure("a number must not begin with 0", at: first) }
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw failure("a digit was expected after '.'") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            hasExponent = true
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("a digit was expected in the exponent") }
        }
        if isInteger, position - start <= 20, let value = longInteger(start..<position) {
            return sink.integer(value, at: start..<position)
        }
        // Only an exponent or hundreds of digits can leave the range of binary64, where readers silently disagree.
        if hasExponent || position - start > 300, !isInteger, !JSONNumber(in: bytes, start..<position).double.isFinite {
            throw failure("a number beyond the range of binary64", at: start)
        }
        sink.number(at: start..<position)
    }

    /// An integer of 64 bits with more digits than `smallInteger` takes; nil beyond them, and for `-0`.
    private func longInteger(_ range: Range<Int>) -> Int? {
        let text = JSONNumber(in: bytes, range).text
        return text == "-0" ? nil : Int(text)
    }

    /// An integer of at most 18 digits in its canonical form, which nearly all are; nil, with nothing consumed, for any other number.
    @inline(__always)
    private mutating func smallInteger() -> Int? {
        var index = position
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let first = index
        var value = 0
        while index < bytes.count, index - first < 18 {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int(digit)
            index += 1
        }
        let count = index - first
        guard count > 0, count == 1 || bytes[first] != UInt8(ascii: "0"), !(isNegative && value == 0) else { return nil }
        if index < bytes.count {
            let next = bytes[index]
            if next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") || (next >= UInt8(ascii: "0") && next <= UInt8(ascii: "9")) {
                return nil
            }
        }
        position = index
        return isNegative ? -value : value
    }
}

extension JSONNumber {
    /// - Precondition: `range` of `bytes` is a number by RFC 8259.
    init(in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        self.init(unchecked: String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self))
    }
}
