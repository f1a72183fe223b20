import Control
import Testing

struct HTTPResponseParserTests {
    struct Parsed: Equatable {
        var status = 0
        var headers: [String: String] = [:]
        var body = ""
        var isComplete = false
    }

    /// Feeds `text` in portions of `size` bytes.
    private func parse(_ text: String, portions size: Int = .max, closes: Bool = true) throws -> Parsed {
        var parser = HTTPResponseParser()
        var result = Parsed()
        var body: [UInt8] = []
        var rest = Array(text.utf8)[...]
        func take(_ outputs: [HTTPResponseParser.Output]) {
            for output in outputs {
                switch output {
                case .head(let head):
                    result.status = head.status
                    for header in head.headers { result.headers[header.name] = header.value }
                case .body(let bytes): body += bytes
                case .end: result.isComplete = true
                }
            }
        }
        while !rest.isEmpty {
            take(try parser.feed(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        if closes { take(try parser.finish()) }
        result.body = String(decoding: body, as: UTF8.self)
        return result
    }

    static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\nhello": "hello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n": "hello",
        "HTTP/1.0 200 OK\nConnection: close\n\nhello": "hello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok": "ok",
        "HTTP/1.1 204 No Content\r\n\r\n": "",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": "",
    ]

    @Test(arguments: answers.keys.sorted())
    func anySplitGivesTheSameAnswer(text: String) throws {
        let whole = try parse(text)
        #expect(whole.body == Self.answers[text])
        #expect(whole.isComplete)
        for size in 1...text.utf8.count { #expect(try parse(text, portions: size) == whole, "portions of \(size)") }
    }

    @Test func headersAreTrimmedAndLowerCase() throws {
        let parsed = try parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Some:  a b\t\r\n\r\n")
        #expect(parsed.headers["x-some"] == "a b")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
    ])
    func anEndBeforeTheEndIsAnError(text: String) {
        #expect { try parse(text) } throws: { ($0 as? ControlClientError)?.kind == .disconnected }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    ])
    func whatIsNotHTTPIsRefused(text: String) {
        #expect { try parse(text) } throws: { ($0 as? ControlClientError)?.kind == .malformed }
    }

    @Test func memoryIsBounded() {
        let line = String(repeating: "a", count: 70_000)
        #expect { try parse("HTTP/1.1 200 OK\r\nX: \(line)") } throws: { ($0 as? ControlClientError)?.kind == .tooLarge }
        #expect { try parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(line)") } throws: {
            ($0 as? ControlClientError)?.kind == .tooLarge
        }
    }
}
