/// Bytes to lines, for those who follow a log. A line longer than the limit is cut into several.
struct LineSplitter {
    static let limit = 64 << 10
    private var partial: [UInt8] = []

    mutating func feed(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 { lines.append(take()) }
            partial += part.element
            while partial.count > Self.limit {
                lines.append(String(decoding: partial.prefix(Self.limit), as: UTF8.self))
                partial.removeFirst(Self.limit)
            }
        }
        return lines
    }

    private mutating func take() -> String {
        defer { partial = [] }
        return String(decoding: partial, as: UTF8.self)
    }
}
