import Control

/// Where a server of models answers: the base with `/v1`, and the root above it.
struct UpstreamLocation: Sendable, Hashable {
    /// Without a trailing slash.
    let base: String

    init(url: String) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    init(_ endpoint: LeaseEndpoint) {
        switch endpoint {
        case .tcp(let host, let port): base = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/v1"
        case .unix(let path): base = "http+unix://\(Self.percentEncoded(path))/v1"
        }
    }

    /// `path` begins with a slash.
    func api(_ path: String) -> String { base + path }

    /// Beside `/v1`.
    func root(_ path: String) -> String { (base.hasSuffix("/v1") ? String(base.dropLast(3)) : base) + path }

    private static func percentEncoded(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
