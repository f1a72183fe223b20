/// Finds the first of some texts in a text that comes in pieces. What may be the beginning of one is held back.
struct StopScan: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// The text that was found; nothing is passed on from then on.
    private(set) var found: String?

    init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) } }

    /// - Returns: what stands in front of a text that ends the answer, as far as that is sure.
    mutating func read(_ text: String) -> String {
        guard !stops.isEmpty else { return text }
        guard found == nil else { return "" }
        held += text.utf8
        if let (range, marker) = MarkerScan.first(of: stops, in: held) {
            found = String(decoding: stops[marker], as: UTF8.self)
            held.removeSubrange(range.lowerBound...)
            return flush()
        }
        let length = held.count - MarkerScan.heldLength(stops, held)
        defer { held.removeSubrange(..<length) }
        return String(decoding: held[..<length], as: UTF8.self)
    }

    /// The text has ended: what was held is part of it.
    mutating func flush() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
