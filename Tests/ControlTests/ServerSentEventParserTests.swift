import Control
import Testing

struct ServerSentEventParserTests {
    private func parse(_ text: String, portions size: Int = .max, limit: Int = 1 << 20) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser(maximumEvent: limit)
        var rest = Array(text.utf8)[...]
        var events: [ServerSentEvent] = []
        while !rest.isEmpty {
            events += try parser.feed(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return events
    }

    static let stream =
        "\u{FEFF}data: one\n\n: a comment\nevent: named\nid: 7\ndata: two\r\ndata:  three\r\n\r\ndata\r\rdata: ü\n\nevent: none\n\ndata: cut off"

    @Test func fieldsAndLineEnds() throws {
        #expect(
            try parse(Self.stream) == [
                ServerSentEvent(data: "one"), ServerSentEvent(name: "named", data: "two\n three"), ServerSentEvent(data: ""),
                ServerSentEvent(data: "ü"),
            ])
    }

    @Test func anySplitGivesTheSameEvents() throws {
        let whole = try parse(Self.stream)
        for size in 1...Self.stream.utf8.count { #expect(try parse(Self.stream, portions: size) == whole, "portions of \(size)") }
    }

    @Test func anEventIsBoundedAndCommentsAreNot() throws {
        let pings = String(repeating: ": ping\n\n", count: 1000)
        #expect(try parse("\(pings)data: a\n\n", limit: 100).count == 1)
        #expect { try parse("data: \(String(repeating: "x", count: 200))\n\n", limit: 100) } throws: {
            ($0 as? ControlClientError)?.kind == .tooLarge
        }
        #expect { try parse(String(repeating: "data: x\n", count: 200), limit: 100) } throws: { ($0 as? ControlClientError)?.kind == .tooLarge }
    }
}
