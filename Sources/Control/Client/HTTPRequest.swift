import JSON

/// One request of HTTP/1.1, whose connection ends with its answer.
public struct HTTPRequest: Sendable, Equatable {
    public var method: String
    public var path: String
    public var headers: [String: String]
    public var body: [UInt8]?

    public init(method: String, path: String, headers: [String: String] = [:], body: [UInt8]? = nil) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }

    public static func get(_ path: String, query: [(String, String)] = []) -> HTTPRequest {
        let text = query.map { "\(percentEncoded($0.0))=\(percentEncoded($0.1))" }.joined(separator: "&")
        return HTTPRequest(method: "GET", path: text.isEmpty ? path : "\(path)?\(text)")
    }

    public static func post(_ path: String, _ body: JSON) -> HTTPRequest {
        HTTPRequest(method: "POST", path: path, headers: ["content-type": "application/json"], body: body.bytes)
    }

    /// The bytes on the wire.
    func encoded(host: String) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "host: \(host)", "connection: close"]
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if let body { lines.append("content-length: \(body.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
