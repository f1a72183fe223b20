import JSON

/// The bytes of a streamed chat completion that passes through, event by event: whole events alone go on, so that a comment may stand
/// between any two, and each is read beside it.
///
/// What goes on is what came, byte for byte; but where the client did not ask for the usage, the chunk that says nothing else stays here, and
/// an error that clients would pass over, as it stands in no `data`, is told as they know it.
public struct ChatEvents: Sendable {
    private static let maximumBytes = 16 << 20
    private let dropsUsage: Bool
    private var parser = SSEParser()
    /// The event that is under way.
    private var pending: [UInt8] = []
    /// Up to here it has no end.
    private var searched = 0
    public private(set) var facts = ChatFacts()

    public init(dropsUsage: Bool) { self.dropsUsage = dropsUsage }

    /// - Returns: the events that these bytes complete, for the client.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(SSEError) -> [UInt8] {
        pending.append(contentsOf: bytes)
        var passed: [UInt8] = []
        var start = 0
        while let end = endOfEvent() {
            passed += try read(pending[start..<end])
            start = end
        }
        pending.removeSubrange(..<start)
        searched -= start
        guard pending.count <= Self.maximumBytes else { throw SSEError(message: "an event of the stream is longer than \(Self.maximumBytes) bytes") }
        return passed
    }

    /// The stream has ended: what was under way.
    public mutating func finish() throws(SSEError) -> [UInt8] {
        defer { pending = [] }
        let passed = try read(pending[...])
        return try parser.finish().map { take($0, passed) } ?? passed
    }

    /// The next place behind an empty line.
    private mutating func endOfEvent() -> Int? {
        while searched < pending.count {
            guard pending[searched] == 0x0A || pending[searched] == 0x0D else {
                searched += 1
                continue
            }
            guard let first = Self.endOfLine(pending, searched), let second = Self.endOfLine(pending, first) else { return nil }
            searched = second
            if second > first { return second }
        }
        return nil
    }

    /// Behind the line's end at an index, the index itself where there is none; nil where the next byte decides.
    private static func endOfLine(_ bytes: [UInt8], _ index: Int) -> Int? {
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case 0x0A: return index + 1
        case 0x0D: return index + 1 < bytes.count ? (bytes[index + 1] == 0x0A ? index + 2 : index + 1) : nil
        default: return index
        }
    }

    /// - Returns: what the client gets of it.
    private mutating func read(_ event: ArraySlice<UInt8>) throws(SSEError) -> [UInt8] {
        var passed = Array(event)
        for event in try parser.feed(passed) { passed = take(event, passed) }
        return passed
    }

    private mutating func take(_ event: ServerSentEvent, _ bytes: [UInt8]) -> [UInt8] {
        if event.name != "error", PlainChunk(event.data) != nil {
            facts.takeWords()
            return bytes
        }
        guard let json = try? JSON(parsing: event.data) else { return bytes }
        if event.name == "error", json["error"] == nil {
            let error: JSON = ["error": json]
            facts.take(error)
            return SSEWriter.event(data: error.bytes)
        }
        return facts.take(json) && dropsUsage ? [] : bytes
    }
}
