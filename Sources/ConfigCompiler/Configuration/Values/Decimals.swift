import JSON

/// Decimal fractions as integers of millionths, so that a plan has them exactly.
enum Decimals {
    private static let one = 1_000_000

    /// The nearest number of millionths; nil where the number is outside the range.
    static func millionths(_ number: Double, within range: ClosedRange<Int>) -> Int? {
        let scaled = number * Double(one)
        guard scaled >= Double(range.lowerBound), scaled <= Double(range.upperBound) else { return nil }
        return min(max(Int(scaled.rounded()), range.lowerBound), range.upperBound)
    }

    /// `0.7`, `-1`, `1.05`: no zeros at the end, and no exponent.
    static func text(_ millionths: Int) -> String {
        let magnitude = millionths.magnitude
        var fraction = String(magnitude % UInt(one))
        fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return (millionths < 0 ? "-" : "") + String(magnitude / UInt(one)) + (fraction.isEmpty ? "" : "." + fraction)
    }

    static func json(_ millionths: Int) -> JSON { .double(Double(millionths) / Double(one)) }
}
