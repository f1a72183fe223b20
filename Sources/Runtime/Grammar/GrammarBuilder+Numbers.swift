/// What a JSON number may be. Fifteen digits before and after the point are what binary64 keeps.
extension GrammarBuilder {
    static let digits = ByteSet(0x30...0x39)
    private static let nonzero = ByteSet(0x31...0x39)
    static let largest = 999_999_999_999_999

    /// The integers of `range`, without leading zeros; none where it is empty.
    mutating func integer(_ range: ClosedRange<Int>?, _ next: Grammar.NodeID) -> Grammar.NodeID {
        guard let range = range?.clamped(to: -Self.largest...Self.largest) else { return add(.dead) }
        var branches: [Grammar.NodeID] = []
        if range.upperBound >= 0 { branches.append(natural(max(range.lowerBound, 0)...range.upperBound, next)) }
        if range.lowerBound < 0 { branches.append(literal("-", natural(max(1, -range.upperBound)...(-range.lowerBound), next))) }
        return any(branches)
    }

    /// Natural numbers from one to another.
    mutating func natural(_ range: ClosedRange<Int>, _ next: Grammar.NodeID) -> Grammar.NodeID {
        var branches: [Grammar.NodeID] = []
        var first = range.lowerBound
        while true {
            // The numbers of as many digits as `first` has.
            var limit = 9
            while limit < first { limit = limit * 10 + 9 }
            let last = min(limit, range.upperBound)
            branches.append(sameLength(Array(String(first).utf8)[...], Array(String(last).utf8)[...], next))
            if last == range.upperBound { return any(branches) }
            first = last + 1
        }
    }

    private mutating func sameLength(_ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?, _ next: Grammar.NodeID) -> Grammar.NodeID {
        guard let count = (low ?? high)?.count, count > 0 else { return next }
        let least = low?.first ?? 0x30
        let most = high?.first ?? 0x39
        func tail(_ slice: ArraySlice<UInt8>?) -> ArraySlice<UInt8>? { slice?.dropFirst() }
        if low != nil, high != nil, least == most { return bytes(ByteSet([least]), sameLength(tail(low), tail(high), next)) }
        var branches: [Grammar.NodeID] = []
        var middle = least...most
        if low != nil {
            branches.append(bytes(ByteSet([least]), sameLength(tail(low), nil, next)))
            guard least < most else { return branches[0] }
            middle = (least + 1)...most
        }
        if high != nil {
            branches.append(bytes(ByteSet([most]), sameLength(nil, tail(high), next)))
            guard middle.lowerBound < most else { return any(branches) }
            middle = middle.lowerBound...(most - 1)
        }
        branches.append(bytes(ByteSet(middle), run(Self.digits, count - 1, count - 1, next)))
        return any(branches)
    }

    /// `.` and digits; where `isAboveZero`, not all of them 0.
    private mutating func fraction(isAboveZero: Bool, _ next: Grammar.NodeID) -> Grammar.NodeID {
        guard isAboveZero else { return literal(".", run(Self.digits, 1, 15, next)) }
        var digits = add(.dead)
        for _ in 0..<15 {
            digits = any([bytes(ByteSet([0x30]), digits), bytes(Self.nonzero, next)])
        }
        return literal(".", digits)
    }

    mutating func number(_ bounds: NumberBounds, _ next: Grammar.NodeID) -> Grammar.NodeID {
        if bounds.isNone {
            let exponent = bytes(ByteSet([0x45, 0x65]), optional(ByteSet([0x2B, 0x2D]), run(Self.digits, 1, 2, next)))
            let tail = any([next, exponent])
            let fraction = literal(".", run(Self.digits, 1, 15, tail))
            return optional(ByteSet([0x2D]), natural(0...Self.largest, any([fraction, tail])))
        }
        var branches: [Grammar.NodeID] = []
        if let range = bounds.integers { branches.append(integer(range, next)) }
        for isNegative in [false, true] {
            let side = isNegative ? bounds.mirrored : bounds
            let sign: (inout GrammarBuilder, Grammar.NodeID) -> Grammar.NodeID = { isNegative ? $0.literal("-", $1) : $1 }
            if let range = side.wholeIntervals {
                let plain = fraction(isAboveZero: false, next)
                branches.append(sign(&self, natural(range, plain)))
            }
            if let open = side.openInterval {
                let positive = fraction(isAboveZero: true, next)
                branches.append(sign(&self, natural(open...open, positive)))
            }
        }
        return branches.isEmpty ? add(.dead) : any(branches)
    }
}

/// What a schema says of a number's size.
struct NumberBounds: Sendable, Equatable {
    var low: Double?
    var excludesLow = false
    var high: Double?
    var excludesHigh = false

    var isNone: Bool { low == nil && high == nil }

    /// Both at once.
    func narrowed(by other: NumberBounds) -> NumberBounds {
        var result = self
        if let value = other.low, value >= low ?? -.infinity {
            result.excludesLow = value == low ? excludesLow || other.excludesLow : other.excludesLow
            result.low = value
        }
        if let value = other.high, value <= high ?? .infinity {
            result.excludesHigh = value == high ? excludesHigh || other.excludesHigh : other.excludesHigh
            result.high = value
        }
        return result
    }

    var mirrored: NumberBounds {
        NumberBounds(low: high.map { -$0 }, excludesLow: excludesHigh, high: low.map { -$0 }, excludesHigh: excludesLow)
    }

    private static func clamped(_ value: Double) -> Int {
        Int(max(-Double(GrammarBuilder.largest), min(Double(GrammarBuilder.largest), value)))
    }

    /// The integers within.
    var integers: ClosedRange<Int>? {
        var least = -GrammarBuilder.largest
        var most = GrammarBuilder.largest
        if let low {
            if low > Double(most) { return nil }
            least = Self.clamped(low.rounded(.up)) + (excludesLow && low == low.rounded() ? 1 : 0)
        }
        if let high {
            if high < Double(-GrammarBuilder.largest) { return nil }
            most = Self.clamped(high.rounded(.down)) - (excludesHigh && high == high.rounded() ? 1 : 0)
        }
        return least <= most ? least...most : nil
    }

    /// Natural numbers `n` of which all of `n ..< n + 1` is within.
    var wholeIntervals: ClosedRange<Int>? {
        var least = 0
        if let low, low >= 0 { least = Self.clamped(low.rounded(.up)) + (excludesLow && low == low.rounded() ? 1 : 0) }
        if let low, low == 0, excludesLow { least = 1 }
        let most = high.map { Self.clamped($0.rounded(.down)) - 1 } ?? GrammarBuilder.largest
        return least <= most ? least...most : nil
    }

    /// The natural number that is itself just outside, while all up to the next is within.
    var openInterval: Int? {
        guard let low, excludesLow, low == low.rounded(), low >= 0, low < Double(GrammarBuilder.largest) else { return nil }
        return high.map { $0 >= low + 1 } ?? true ? Int(low) : nil
    }
}
