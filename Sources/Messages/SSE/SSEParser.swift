import Glibc

/// Incremental parser of `text/event-stream`: bytes in, in any split; whole events out.
///
/// Lines end in LF, CRLF or CR; comments and unknown fields are passed over; a field's value loses one leading space; an event
/// without data is none. Unlike a browser, `finish` gives the last event even where the blank line after it is missing, and a line
/// `error: …` is an event of that name with the rest of the line for its data, since servers are known to end their streams so.
public struct SSEParser: Sendable {
    private var line: [UInt8] = []
    private var name = "message"
    private var data: [UInt8] = []
    private var hasData = false
    private var afterReturn = false
    private var atStart = true
    private let maximumEventBytes: Int

    /// - Parameter maximumEventBytes: a line or the data of one event may have this many bytes; more is an error, never memory.
    public init(maximumEventBytes: Int = 16 << 20) { self.maximumEventBytes = maximumEventBytes }

    public mutating func feed(_ bytes: [UInt8]) throws(SSEError) -> [ServerSentEvent] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(SSEError) in try feed(UnsafeRawBufferPointer(buffer)) }
    }

    /// - Returns: the events that these bytes complete.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(SSEError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = 0
        if afterReturn, let first = bytes.first {
            afterReturn = false
            if first == 0x0A { start = 1 }
        }
        while let end = Self.lineEnd(in: bytes, from: start) {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if line.isEmpty {
                if let event = try take(rest) { events.append(event) }
            } else {
                line.append(contentsOf: rest)
                if let event = try endLine() { events.append(event) }
            }
            start = end + 1
            guard bytes[end] == 0x0D else { continue }
            if start == bytes.count {
                afterReturn = true
            } else if bytes[start] == 0x0A {
                start += 1
            }
        }
        line.append(contentsOf: bytes[start...])
        try checkBound()
        return events
    }

    /// The place of the next LF or CR.
    private static func lineEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        func first(_ byte: CInt, upTo end: Int) -> Int? { memchr(base + start, byte, end - start).map { UnsafeRawPointer($0) - base } }
        let feed = first(0x0A, upTo: bytes.count)
        return first(0x0D, upTo: feed ?? bytes.count) ?? feed
    }

    /// The stream has ended: the event that was under way, if it has data.
    public mutating func finish() throws(SSEError) -> ServerSentEvent? {
        if !line.isEmpty, let event = try endLine() { return event }
        return try endLine()
    }

    private mutating func endLine() throws(SSEError) -> ServerSentEvent? {
        var whole: [UInt8] = []
        swap(&whole, &line)
        let event = try whole.withUnsafeBufferPointer { (buffer) throws(SSEError) in try take(UnsafeRawBufferPointer(buffer)) }
        whole.removeAll(keepingCapacity: true)
        swap(&whole, &line)
        return event
    }

    /// One line, without its end.
    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(SSEError) -> ServerSentEvent? {
        var line = bytes[...]
        if atStart {
            atStart = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        }
        guard line.count <= maximumEventBytes else { throw tooLong }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let field = line[..<(colon ?? line.endIndex)]
        var value = colon.map { line[($0 + 1)...] } ?? line[line.endIndex...]
        if value.first == 0x20 { value = value.dropFirst() }
        if field.elementsEqual("data".utf8) {
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
            try checkBound()
        } else if field.elementsEqual("error".utf8), !value.isEmpty {
            // Older servers of llama.cpp; whatever stands before it in the event is said no more.
            name = "error"
            data = Array(value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        var event = ServerSentEvent(name: "message", data: [])
        swap(&event.data, &data)
        swap(&event.name, &name)
        defer { hasData = false }
        if event.name.isEmpty { event.name = "message" }
        return hasData ? event : nil
    }

    private func checkBound() throws(SSEError) {
        guard line.count <= maximumEventBytes, data.count <= maximumEventBytes else { throw tooLong }
    }

    private var tooLong: SSEError { SSEError(message: "an event of the stream is longer than \(maximumEventBytes) bytes") }
}
