/// Writes a JSON text anew: each member and element on a line of its own, two spaces for each level, `{}` and `[]` for what is empty.
/// Strings and numbers stay as they are spelt.
enum JSONLayout {
    /// - Parameter text: without a byte order mark, read without a fault.
    static func write(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 4)
        var depth = 0
        /// A bracket was opened, and nothing stands in it yet.
        var isFresh = false
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        func newLine() {
            out.append(0x0A)
            out += repeatElement(0x20, count: 2 * depth)
        }
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if isSpace(byte) {
                index += 1
                continue
            }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
                if !isFresh { newLine() }
                isFresh = false
                out.append(byte)
                index += 1
                continue
            }
            if isFresh { newLine() }
            isFresh = false
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                isFresh = true
                out.append(byte)
                index += 1
            case UInt8(ascii: ","):
                out.append(byte)
                newLine()
                index += 1
            case UInt8(ascii: ":"):
                out += [byte, 0x20]
                index += 1
            default:
                let end = endOfScalar(text, index)
                out += text[index..<end]
                index = end
            }
        }
        out.append(0x0A)
        return out
    }

    private static func endOfScalar(_ text: ArraySlice<UInt8>, _ start: Int) -> Int {
        var index = start + 1
        if text[start] == UInt8(ascii: "\"") {
            while index < text.endIndex, text[index] != UInt8(ascii: "\"") { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
            return min(index + 1, text.endIndex)
        }
        while index < text.endIndex, !" \t\n\r,:[]{}".utf8.contains(text[index]) { index += 1 }
        return index
    }
}
