/// Writes `text/event-stream`.
public enum SSEWriter {
    /// - Parameter data: lines are split at LF, CR and CRLF, so that no data can forge a field.
    public static func event(_ name: String? = nil, data: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 32)
        if let name {
            bytes += "event: ".utf8
            bytes += name.utf8
            bytes.append(0x0A)
        }
        bytes += "data: ".utf8
        var afterReturn = false
        for byte in data {
            switch byte {
            case 0x0A where afterReturn: break
            case 0x0A, 0x0D: bytes += "\ndata: ".utf8
            default: bytes.append(byte)
            }
            afterReturn = byte == 0x0D
        }
        bytes += "\n\n".utf8
        return bytes
    }

    /// A line that clients pass over: it only says that the connection lives.
    public static func comment(_ text: String) -> [UInt8] {
        Array(": \(text.filter { !$0.isNewline })\n\n".utf8)
    }
}
