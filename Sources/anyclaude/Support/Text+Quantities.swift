extension Text {
    /// An exact number of milliseconds, in the largest unit that divides it: `250ms`, `30s`, `5m`.
    static func exact(milliseconds: Int) -> String { exact(milliseconds, [(3_600_000, "h"), (60_000, "m"), (1000, "s")], "ms") }

    /// An exact number of bytes, in the largest unit that divides it: `256MiB`, `1000B`.
    static func exact(bytes: Int) -> String { exact(bytes, [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")], "B") }

    private static func exact(_ value: Int, _ units: [(size: Int, name: String)], _ smallest: String) -> String {
        guard value != 0, let unit = units.first(where: { value % $0.size == 0 }) else { return "\(value)\(smallest)" }
        return "\(value / unit.size)\(unit.name)"
    }
}
