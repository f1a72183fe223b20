import LaunchPlan

/// A short name for a text, to keep folders apart. Not for security.
enum Fingerprint {
    /// FNV-1a, 64 bits, as sixteen hexadecimal digits.
    static func hex(of text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
