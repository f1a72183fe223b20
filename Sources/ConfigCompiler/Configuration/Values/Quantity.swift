/// Durations and sizes as text: a number and its unit.
enum Quantity {
    enum Fault: Error, Equatable {
        /// A bare number.
        case noUnit
        case malformed
        /// Beyond 64 bits.
        case tooLarge
    }

    private static let durationUnits: [(String, Int)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
    private static let sizeUnits: [(String, Int)] = [
        ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20),
        ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// Milliseconds. Several parts, the largest unit first: `1h30m`.
    static func duration(_ text: String) throws(Fault) -> Int {
        var rest = text[...]
        var total = 0
        var limit = Int.max
        repeat {
            let (value, factor) = try part(&rest, durationUnits)
            guard factor < limit else { throw .malformed }
            limit = factor
            let (sum, overflow) = total.addingReportingOverflow(value)
            guard !overflow else { throw .tooLarge }
            total = sum
        } while !rest.isEmpty
        return total
    }

    /// Bytes.
    static func size(_ text: String) throws(Fault) -> Int {
        var rest = text[...]
        let (value, _) = try part(&rest, sizeUnits)
        guard rest.isEmpty else { throw .malformed }
        return value
    }

    private static func part(_ rest: inout Substring, _ units: [(String, Int)]) throws(Fault) -> (value: Int, factor: Int) {
        let isDigit = { (character: Character) in character.isASCII && character.isNumber }
        let whole = rest.prefix(while: isDigit)
        guard !whole.isEmpty, whole.count <= 18, let number = Int(whole) else { throw whole.count > 18 ? .tooLarge : .malformed }
        rest = rest.dropFirst(whole.count)
        var fraction = Substring()
        if rest.first == "." {
            fraction = rest.dropFirst().prefix(while: isDigit)
            guard !fraction.isEmpty, fraction.count <= 6 else { throw .malformed }
            rest = rest.dropFirst(fraction.count + 1)
        }
        if rest.isEmpty { throw .noUnit }
        if rest.first == " " { rest = rest.dropFirst() }
        let unit = rest.prefix { $0.isLetter }
        guard let factor = units.first(where: { $0.0 == unit })?.1 else { throw .malformed }
        rest = rest.dropFirst(unit.count)
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        let (sum, isBeyond) = product.addingReportingOverflow(part(of: factor, fraction))
        guard !overflow, !isBeyond else { throw .tooLarge }
        return (sum, factor)
    }

    /// `factor × 0.fraction`, rounded down, without floating point.
    private static func part(of factor: Int, _ fraction: Substring) -> Int {
        guard let digits = Int(fraction) else { return 0 }
        var divisor = 1
        for _ in 0..<fraction.count { divisor *= 10 }
        return factor / divisor * digits + factor % divisor * digits / divisor
    }

    static func text(milliseconds: Int) -> String {
        for (unit, factor) in durationUnits.reversed() where milliseconds >= factor && milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    static func text(bytes: Int) -> String {
        for (unit, factor) in sizeUnits.suffix(4).reversed() where bytes >= factor && bytes % factor == 0 { return "\(bytes / factor)\(unit)" }
        return "\(bytes)B"
    }
}
