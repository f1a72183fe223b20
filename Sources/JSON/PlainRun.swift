/// Bytes of a string that stand for themselves.
enum PlainRun {
    /// The end of the run that begins at `start`: the first quote, backslash or control character, or the text's end; and whether all of the
    /// run is ASCII.
    ///
    /// Eight bytes at a time: in each byte of a word, the high bit tells that it is one of those that end the run.
    @inline(__always)
    static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (end: Int, isASCII: Bool) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        var seen: UInt64 = 0
        guard let base = bytes.baseAddress else { return (index, true) }
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let control = (word &- ones &* 0x20) & ~word
            let ends = (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | control) & highs
            if ends != 0 {
                let length = ends.trailingZeroBitCount / 8
                // Borrows reach higher bytes only, so that the first mark is exact.
                seen |= length == 0 ? 0 : word & (UInt64.max >> UInt64(64 - 8 * length))
                return (index + length, seen & highs == 0)
            }
            seen |= word
            index += 8
        }
        while index < bytes.count {
            let byte = base[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            seen |= UInt64(byte)
            index += 1
        }
        return (index, seen & highs == 0)
    }
}
