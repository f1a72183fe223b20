import Messages
import NIOCore

/// Bytes as they came, and when each part of them did.
struct CapturedBytes: Sendable {
    private var bytes: [UInt8] = []
    /// Where each part ends, and its time in microseconds.
    private var ends: [(end: Int, time: Int)] = []

    mutating func add(_ buffer: ByteBuffer, at time: Int) {
        bytes.append(contentsOf: buffer.readableBytesView)
        ends.append((bytes.count, time))
    }

    /// A secret may lie across two parts: all is redacted at once, and keeps its length.
    func parts(_ redaction: Redaction) -> [RecordedExchange.Part] {
        let clean = redaction.bytes(bytes)
        var begin = 0
        return ends.map { part in
            defer { begin = part.end }
            return RecordedExchange.Part(time: Double(part.time) / 1000, bytes: Array(clean[begin..<part.end]))
        }
    }
}
