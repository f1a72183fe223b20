/// Numbers of bytes as people read them.
public enum ByteText {
    /// In the largest binary unit that leaves a whole part, with one digit behind the point where it tells something: `9.5 GiB`, `256 MiB`,
    /// `512 B`. Rounded up, so that a need is never understated.
    public static func text(_ bytes: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var shift = 0
        while shift < units.count - 1, bytes >> ((shift + 1) * 10) > 0 { shift += 1 }
        let unit = 1 << (shift * 10)
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
        let tenths = shift == 0 ? 0 : Int((Double(rest) * 10 / Double(unit)).rounded(.up))
        if tenths == 10 { return "\(whole + 1) \(units[shift])" }
        return tenths == 0 ? "\(whole) \(units[shift])" : "\(whole).\(tenths) \(units[shift])"
    }
}
