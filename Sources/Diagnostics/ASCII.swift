extension UInt8 {
    /// Whether it is a letter or digit of ASCII.
    package var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// Whether it is a letter, a digit or `_`.
    package var isWord: Bool { isLetterOrDigit || self == UInt8(ascii: "_") }
}
