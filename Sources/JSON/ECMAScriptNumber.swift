/// The text of a binary64 number as ECMAScript's Number::toString gives it (ECMA-262, section 6.1.6.1.20; RFC 8785, section 3.2.2.3).
enum ECMAScriptNumber {
    static func text(of value: Double) -> String {
        if value == 0 { return "0" }
        guard value.isFinite else { return "null" }
        if value < 0 { return "-" + text(of: -value) }
        let (digits, exponent) = shortestDigits(of: value)  // value = 0.digits × 10^exponent
        let count = digits.count
        if exponent > 0 && exponent <= 21 {
            if count <= exponent { return digits + String(repeating: "0", count: exponent - count) }
            return digits.prefix(exponent) + "." + digits.dropFirst(exponent)
        }
        if exponent <= 0 && exponent > -6 { return "0." + String(repeating: "0", count: -exponent) + digits }
        let power = exponent - 1
        let mantissa = count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
        return mantissa + "e" + (power < 0 ? "-" : "+") + String(abs(power))
    }

    /// The shortest digits that read back as `value`; Swift's description has them (it implements the same criterion).
    private static func shortestDigits(of value: Double) -> (digits: String, exponent: Int) {
        var digits = ""
        var exponent = 0
        var seenPoint = false
        var text = Substring(value.description)
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...]) ?? 0
            text = text[..<mark]
        }
        for character in text {
            if character == "." {
                seenPoint = true
            } else {
                digits.append(character)
                if !seenPoint { exponent += 1 }
            }
        }
        while digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}
