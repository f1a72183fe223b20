/// The printable characters that stand for the 256 bytes in the vocabularies of byte-level BPE (GPT-2's `bytes_to_unicode`).
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0...UInt8.max).map { byte in
            if isItself(byte) { return Unicode.Scalar(byte) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
        }
    }()

    private static let bytes: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
        return table
    }()

    private static func isItself(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true
        default: false
        }
    }

    /// The bytes that a token of the vocabulary stands for; nil where one of its characters is not of the alphabet.
    static func bytes(of token: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(token.utf8.count)
        for scalar in token.unicodeScalars {
            guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return nil }
            result.append(byte)
        }
        return result
    }
}
