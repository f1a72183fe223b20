/// RFC 4648, section 4: only the way back, only as far as asked.
enum Base64 {
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (index, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(index) }
        return values
    }()

    /// The first bytes of what `text` encodes, up to `limit`, to the padding, or to the first character that is not of the alphabet.
    static func decode(_ text: String.UTF8View, atMost limit: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(limit, text.count / 4 * 3 + 3))
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            guard bytes.count < limit else { break }
            let value = values[Int(character)]
            guard value != 0xFF else { break }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }
}
