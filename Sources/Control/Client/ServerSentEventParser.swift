/// One server-sent event.
public struct ServerSentEvent: Sendable, Equatable {
    /// `message` where the server named none.
    public var name: String
    public var data: String

    public init(name: String = "message", data: String) {
        self.name = name
        self.data = data
    }
}

/// The reader of event streams (WHATWG HTML, "Server-sent events") as a pure machine: any portions of bytes in, whole events out.
///
/// Comments, ids and retry times are passed over; an event that the stream's end cuts off is dropped, as the standard says.
public struct ServerSentEventParser {
    private let maximumEvent: Int
    private var line: [UInt8] = []
    private var lastWasCarriageReturn = false
    private var atStart = true
    private var name = ""
    private var data: [String] = []
    private var size = 0

    /// - Parameter maximumEvent: the most bytes that one event may have.
    public init(maximumEvent: Int = 16 << 20) { self.maximumEvent = maximumEvent }

    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(ControlClientError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let afterCarriageReturn = lastWasCarriageReturn
            lastWasCarriageReturn = byte == 0x0D
            switch byte {
            case 0x0A where afterCarriageReturn: continue
            case 0x0A, 0x0D:
                if let event = endLine() { events.append(event) }
            default:
                line.append(byte)
                size += 1
                guard size <= maximumEvent else { throw ControlClientError(.tooLarge, "an event of the server is larger than \(maximumEvent) bytes") }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        if atStart, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        atStart = false
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data.append(String(decoding: value, as: UTF8.self))
        default: break
        }
        // What the event keeps counts, what a comment or a passed-over field had does not.
        if data.isEmpty { size = name.utf8.count }
        return nil
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            name = ""
            data.removeAll()
            size = 0
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
    }
}
