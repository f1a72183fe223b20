/// Ends text before the first of some strings, which may come in pieces. What may become one is held back.
struct StopStrings: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// The string that was met.
    private(set) var met: String?

    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

    /// The text that is certain not to be of a stop string.
    mutating func read(_ text: String) -> String {
        guard met == nil else { return "" }
        guard !stops.isEmpty else { return text }
        held += text.utf8
        for index in held.indices {
            guard let stop = stops.first(where: { held[index...].starts(with: $0) }) else { continue }
            met = String(decoding: stop, as: UTF8.self)
            defer { held = [] }
            return String(decoding: held[..<index], as: UTF8.self)
        }
        let longest = (stops.map(\.count).max() ?? 1) - 1
        let start = held.indices.suffix(longest).first { index in stops.contains { $0.starts(with: held[index...]) } } ?? held.count
        defer { held.removeFirst(start) }
        return String(decoding: held[..<start], as: UTF8.self)
    }

    /// What was held at the end of the text.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
