import Diagnostics
import Glibc

/// The address of a server: scheme, host, port and path, nothing else.
struct BaseURL: Sendable, Equatable {
    var scheme: String
    /// Without brackets.
    var host: String
    var explicitPort: Int?
    /// Without a slash at its end; empty or beginning with one.
    var path: String

    var port: Int { explicitPort ?? (scheme == "https" ? 443 : 80) }

    var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name)\(explicitPort.map { ":\($0)" } ?? "")\(path)"
    }

    /// Whether a connection to it arrives at this machine, as far as its text says.
    var isOnThisMachine: Bool { HostName.isOnThisMachine(host) }

    init(scheme: String, host: String, port: Int?, path: String) {
        self.scheme = scheme
        self.host = host
        self.explicitPort = port
        self.path = path
    }

    /// - Throws: what is wrong, as a message goes on after the key's name.
    init(parsing text: String) throws(ValueFault) {
        guard let mark = text.firstRange(of: "://") else {
            // `localhost:1234` is nearly always meant so.
            let whole = try? BaseURL(parsing: "http://\(text)")
            throw ValueFault(
                .badURL, "is not a URL: it needs http:// or https://", notes: whole == nil ? ["as `http://localhost:8081/v1`"] : [],
                replacement: whole.map { ($0.text, .suggestion) })
        }
        scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw ValueFault(.badURL, "is not a usable URL: only http and https are spoken") }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var path = rest.dropFirst(authority.count)
        if authority.contains("@") {
            throw ValueFault(.badURL, "must not hold a user name or password", notes: ["a key belongs to `apiKey`, as `{ env: NAME }`"])
        }
        if path.contains("?") || path.contains("#") { throw ValueFault(.badURL, "must not have a query or fragment") }
        if path.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { throw ValueFault(.badURL, "has a space or control character") }
        var host = authority
        var port: Int?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw ValueFault(.badURL, "has an unclosed `[`") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { throw ValueFault(.badURL, "has text after `]`") }
            if !after.isEmpty { port = try Self.port(after.dropFirst()) }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = try Self.port(authority[authority.index(after: colon)...])
        }
        guard HostName.isValid(String(host)) else { throw ValueFault(.badURL, "has no usable host") }
        while path.last == "/" { path = path.dropLast() }
        self.host = host.lowercased()
        self.explicitPort = port
        self.path = String(path)
    }

    private static func port(_ text: Substring) throws(ValueFault) -> Int {
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(text), (1...65_535).contains(port) else {
            throw ValueFault(.badURL, "has a port outside 1...65535")
        }
        return port
    }
}

/// Names and addresses of hosts, without asking a resolver.
enum HostName {
    static func isValid(_ host: String) -> Bool {
        guard !host.isEmpty, host.utf8.count <= 253 else { return false }
        if host.contains(":") { return IPv6(host) != nil }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63
                && label.utf8.allSatisfy { $0 == UInt8(ascii: "-") || $0.isWord }
        }
    }

    static func isLoopback(_ host: String) -> Bool {
        let name = canonical(host)
        return name == IPv6.loopback || (name.hasPrefix("127.") && isIPv4(name))
    }

    /// Every address of the machine. On Linux a connection to it arrives at the loopback.
    static func isWildcard(_ host: String) -> Bool { ["0.0.0.0", IPv6.wildcard].contains(canonical(host)) }

    static func isOnThisMachine(_ host: String) -> Bool { isLoopback(host) || isWildcard(host) }

    /// One text for all spellings of an address, and for the names that are always the loopback's (RFC 6761, section 6.3).
    static func canonical(_ host: String) -> String {
        let name = host.lowercased()
        if let address = IPv6(name) { return address.text }
        return name == "localhost" || name.hasSuffix(".localhost") ? "127.0.0.1" : name
    }

    /// An address of version 6, however it is written (RFC 4291, section 2.2).
    private struct IPv6 {
        static let loopback = text([UInt8](repeating: 0, count: 15) + [1])
        static let wildcard = text([UInt8](repeating: 0, count: 16))

        private let bytes: [UInt8]

        init?(_ text: String) {
            var address = in6_addr()
            // The system's reader stops at a NUL.
            guard text.contains(":"), !text.utf8.contains(0), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
            bytes = withUnsafeBytes(of: address) { Array($0) }
        }

        /// Decimal bytes; one of version 4 in the form of version 6 is that of version 4.
        var text: String {
            let isMapped = bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
            return Self.text(isMapped ? Array(bytes.suffix(4)) : bytes)
        }

        private static func text(_ bytes: [UInt8]) -> String { bytes.map(String.init).joined(separator: ".") }
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
