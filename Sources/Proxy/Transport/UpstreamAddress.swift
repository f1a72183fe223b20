import FoundationEssentials

/// Where a URL points: whom to connect to, and what to ask for there (RFC 3986, section 3).
struct UpstreamAddress: Sendable, Equatable {
    /// A server, whose connections serve whatever is asked of it.
    struct Origin: Sendable, Hashable {
        enum Place: Sendable, Hashable {
            case tcp(host: String, port: Int)
            case unix(path: String)
        }
        let place: Place
        let isSecure: Bool
    }
    struct Invalid: Error, CustomStringConvertible {
        let url: String
        let reason: String
        var description: String { "\(url) is no URL of a server: \(reason)" }
    }
    let origin: Origin
    /// As the `Host` field says it.
    let host: String
    /// Path and query, without what only a browser knows what to do with.
    let target: String

    init(_ url: String) throws(Invalid) {
        guard let mark = url.firstRange(of: "://") else { throw Invalid(url: url, reason: "it has no scheme") }
        let rest = url[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw Invalid(url: url, reason: "it holds a user's name") }
        guard !authority.isEmpty else { throw Invalid(url: url, reason: "it names no host") }
        switch url[..<mark.lowerBound].lowercased() {
        case "http": (origin, host) = try Self.tcp(authority, isSecure: false, url)
        case "https": (origin, host) = try Self.tcp(authority, isSecure: true, url)
        case "http+unix":
            guard let path = String(authority).removingPercentEncoding else { throw Invalid(url: url, reason: "its path is not percent-encoded") }
            (origin, host) = (Origin(place: .unix(path: path), isSecure: false), "localhost")
        case let scheme: throw Invalid(url: url, reason: "its scheme is \(scheme), not http or https")
        }
        let target = rest[end...].prefix { $0 != "#" }
        self.target = Self.encoded(target.hasPrefix("/") ? target : "/" + target)
    }

    private static func tcp(_ authority: Substring, isSecure: Bool, _ url: String) throws(Invalid) -> (Origin, host: String) {
        var host = authority
        var port = isSecure ? 443 : 80
        // The colons within brackets belong to an address of IPv6.
        let last = authority.lastIndex(of: ":")
        if let last, authority[last...].firstIndex(of: "]") == nil {
            host = authority[..<last]
            let digits = authority[authority.index(after: last)...]
            if !digits.isEmpty {
                guard let number = Int(digits), (1...65535).contains(number) else { throw Invalid(url: url, reason: "its port is no port") }
                port = number
            }
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw Invalid(url: url, reason: "it names no host") }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        let isUsual = port == (isSecure ? 443 : 80)
        return (Origin(place: .tcp(host: String(bare), port: port), isSecure: isSecure), isUsual ? String(host) : "\(host):\(port)")
    }

    /// What cannot stand in a request's first line is percent-encoded; all else is left as it is.
    private static func encoded(_ target: Substring) -> String {
        guard !target.utf8.allSatisfy(isAllowed) else { return String(target) }
        let digits = Array("0123456789ABCDEF")
        return target.utf8.reduce(into: "") { text, byte in
            text += isAllowed(byte) ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }

    /// RFC 3986, section 2, with the sign of what is encoded already.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch UnicodeScalar(byte) {
        case "a"..."z", "A"..."Z", "0"..."9": true
        case let other: "-._~:/?#[]@!$&'()*+,;=%".unicodeScalars.contains(other)
        }
    }
}
