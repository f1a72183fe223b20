import Testing

@testable import Proxy

@Suite struct UpstreamAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/v1/models", "127.0.0.1", 8080, false, "127.0.0.1:8080", "/v1/models"),
        ("HTTP://localhost", "localhost", 80, false, "localhost", "/"),
        ("https://api.anthropic.com/v1/messages?beta=true#x", "api.anthropic.com", 443, true, "api.anthropic.com", "/v1/messages?beta=true"),
        ("https://[::1]:8443?a=b", "::1", 8443, true, "[::1]:8443", "/?a=b"),
        ("http://[fe80::2]/", "fe80::2", 80, false, "[fe80::2]", "/"),
        ("http://box:80/a b/\u{fc}\r\nx: y", "box", 80, false, "box", "/a%20b/%C3%BC%0D%0Ax:%20y"),
        ("http://box/?a={\"}|^`<>\\", "box", 80, false, "box", "/?a=%7B%22%7D%7C%5E%60%3C%3E%5C"),
        ("http://box/a%20b/%zz", "box", 80, false, "box", "/a%20b/%zz"),
    ]) func ofTCP(url: String, host: String, port: Int, isSecure: Bool, field: String, target: String) throws {
        let address = try UpstreamAddress(url)
        #expect(address.origin == .init(place: .tcp(host: host, port: port), isSecure: isSecure))
        #expect(address.host == field && address.target == target)
    }

    @Test func ofASocketInTheFileSystem() throws {
        let address = try UpstreamAddress("http+unix://%2Frun%2Fa%20b.sock/v1/models")
        #expect(address.origin == .init(place: .unix(path: "/run/a b.sock"), isSecure: false))
        #expect(address.host == "localhost" && address.target == "/v1/models")
    }

    @Test(arguments: [
        "", "box", "/v1", "http://", "http:///v1", "ftp://box/", "http://:80/", "http://box:0/", "http://box:65536/", "http://box:x/",
        "http://me:secret@box/", "http://b ox/", "http://b\r\nox/",
    ]) func whatIsNone(url: String) { #expect(throws: UpstreamAddress.Invalid.self) { try UpstreamAddress(url) } }
}
