/// What the escapes of a string stand for.
enum JSONEscapes {
    /// - Parameter contents: of a string that the parser took, without its quotes.
    static func decoded(_ contents: UnsafeBufferPointer<UInt8>) -> String {
        // No escape is shorter than what it stands for.
        String(unsafeUninitializedCapacity: contents.count) { buffer in
            var output = 0
            var index = 0
            while index < contents.count {
                var end = PlainRun.end(in: contents, from: index).end
                // What ends a run and is no escape stands for itself too.
                if end == index, contents[index] != UInt8(ascii: "\\") || index + 1 == contents.count { end += 1 }
                if end > index, let source = contents.baseAddress, let target = buffer.baseAddress {
                    (target + output).update(from: source + index, count: end - index)
                    output += end - index
                    index = end
                    continue
                }
                if contents[index + 1] == UInt8(ascii: "u") {
                    for unit in unicode(contents, &index).utf8 {
                        buffer[output] = unit
                        output += 1
                    }
                } else {
                    buffer[output] = short(contents[index + 1])
                    (index, output) = (index + 2, output + 1)
                }
            }
            return output
        }
    }

    private static func short(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: byte
        }
    }

    /// The scalar of `\uXXXX`, or of two of them for a surrogate pair; `index` goes behind it.
    private static func unicode(_ contents: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        let first = unit(contents, index + 2)
        index += 6
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let second = unit(contents, index + 2)
        index += 6
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
    }

    private static func unit(_ contents: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32 {
        contents[start..<min(start + 4, contents.count)].reduce(0) { $0 << 4 | UInt32(digit($1) ?? 0) }
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
