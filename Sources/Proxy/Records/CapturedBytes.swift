import FoundationEssentials
import Glibc
import JSON
import NIOCore

/// Bytes as they came, and when each part of them did.
struct CapturedBytes: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where each part ends, and its time in microseconds.
    private var parts: [(end: Int, time: Int)] = []

    mutating func add(_ buffer: ByteBuffer, at time: Int) {
        bytes.append(contentsOf: buffer.readableBytesView)
        parts.append((bytes.count, time))
    }

    mutating func hide(_ secrets: [[UInt8]]) { Redaction.mask(&bytes, secrets) }

    /// `[[milliseconds, text], …]`; a part that is not UTF-8 is `{"base64": …}`.
    var json: JSON {
        var begin = 0
        return .array(
            parts.map { part in
                defer { begin = part.end }
                return [.double(Double(part.time) / 1000), Self.json(bytes[begin..<part.end])]
            })
    }

    static func json(_ bytes: ArraySlice<UInt8>) -> JSON {
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return ["base64": .string(Data(bytes).base64EncodedString())]
    }
}

/// What is never written down.
enum Redaction {
    static let word = "[redacted]"
    /// Shorter ones are words that occur by chance.
    private static let shortestSecret = 8

    /// Whether a header's value opens something.
    static func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        if ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-anyclaude-token"].contains(name) {
            return true
        }
        return ["-key", "-token", "-secret", "-password", "-credential", "-signature"].contains(where: name.hasSuffix)
    }

    /// In the place of each occurrence of a secret, as many asterisks.
    static func mask(_ bytes: inout [UInt8], _ secrets: [[UInt8]]) {
        for secret in secrets where secret.count >= shortestSecret {
            bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return }
                var start = 0
                while let found = memmem(base + start, buffer.count - start, secret, secret.count) {
                    memset(found, CInt(UInt8(ascii: "*")), secret.count)
                    start = UnsafeRawPointer(found) - UnsafeRawPointer(base) + secret.count
                }
            }
        }
    }

    static func masked(_ text: String, _ secrets: [[UInt8]]) -> String {
        var bytes = Array(text.utf8)
        mask(&bytes, secrets)
        return String(decoding: bytes, as: UTF8.self)
    }
}
