import Glibc
import Messages
import NIOCore

/// Takes out of an exchange what opens something.
struct Redaction {
    private let secrets: [[UInt8]]
    static let word = "[redacted]"
    /// Shorter ones are words that occur by chance.
    private static let shortestSecret = 8

    /// - Parameters:
    ///   - known: what the proxy itself was given.
    ///   - presented: headers; what they open something with counts as known.
    init(_ known: [[UInt8]], presented: CapturedExchange.Fields = []) {
        let shown = presented.filter { Self.isCredential($0.name) }.flatMap { field in
            // Of `Bearer KEY`, the key alone may be quoted.
            [field.value] + field.value.split(separator: " ").dropFirst().map(String.init)
        }
        secrets = (known + shown.map { Array($0.utf8) }).filter { $0.count >= Self.shortestSecret }
    }

    /// Whether a header's value opens something.
    static func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        if ["authorization", "proxy-authorization", "cookie", "set-cookie"].contains(name) { return true }
        return ["api-key", "-key", "-token", "-secret", "-password", "-credential", "-signature"].contains(where: name.hasSuffix)
    }

    func fields(_ fields: CapturedExchange.Fields) -> [RecordedExchange.Field] {
        fields.map { .init(name: $0.name.lowercased(), value: Self.isCredential($0.name) ? Self.word : text($0.value)) }
    }

    func text(_ text: String) -> String { String(decoding: bytes(Array(text.utf8)), as: UTF8.self) }

    func bytes(_ buffer: ByteBuffer?) -> [UInt8] { bytes(buffer.map { Array($0.readableBytesView) } ?? []) }

    /// In the place of each occurrence of a secret, as many asterisks.
    func bytes(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for secret in secrets {
            bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return }
                var start = 0
                while start + secret.count <= buffer.count,
                    let found = memchr(base + start, CInt(secret[0]), buffer.count - start - secret.count + 1)
                {
                    start = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                    if memcmp(found, secret, secret.count) == 0 {
                        memset(found, CInt(UInt8(ascii: "*")), secret.count)
                        start += secret.count
                    } else {
                        start += 1
                    }
                }
            }
        }
        return bytes
    }
}
