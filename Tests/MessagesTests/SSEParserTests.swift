import Testing

@testable import Messages

@Suite struct SSEParserTests {
    static let stream = Array(
        "\u{FEFF}: comment\r\nevent: a\r\ndata: one\r\ndata:two\r\n\r\ndata\n\nid: 7\nretry: 3\n\ndata:  é😀\r\revent: last\ndata: [DONE]".utf8)
    static let expected = [
        ServerSentEvent(name: "a", data: Array("one\ntwo".utf8)), ServerSentEvent(data: []), ServerSentEvent(data: Array(" é😀".utf8)),
        ServerSentEvent(name: "last", data: Array("[DONE]".utf8)),
    ]

    @Test func everySplitInTwoGivesTheSameEvents() throws {
        for cut in 0...Self.stream.count {
            var parser = SSEParser()
            var events = try parser.feed(Array(Self.stream[..<cut])) + parser.feed(Array(Self.stream[cut...]))
            if let last = try parser.finish() { events.append(last) }
            #expect(events == Self.expected, "cut at \(cut)")
        }
    }

    @Test func byteByByte() throws {
        var parser = SSEParser()
        var events: [ServerSentEvent] = []
        for byte in Self.stream { events += try parser.feed([byte]) }
        if let last = try parser.finish() { events.append(last) }
        #expect(events == Self.expected)
    }

    @Test func aLineWithoutEndIsAnErrorNotMemory() {
        var parser = SSEParser(maximumEventBytes: 100)
        #expect(throws: SSEError.self) {
            for _ in 0..<20 { _ = try parser.feed(Array("data: aaaaaaaaaa".utf8)) }
        }
        var lines = SSEParser(maximumEventBytes: 100)
        #expect(throws: SSEError.self) {
            for _ in 0..<20 { _ = try lines.feed(Array("data: aaaaaaaaaa\n".utf8)) }
        }
    }

    @Test func writtenEventsReadBackWhateverTheirData() throws {
        for text in ["", "a", "a\nb", "a\r\nb", "\n", "x\rdata: forged"] {
            var parser = SSEParser()
            let events = try parser.feed(SSEWriter.event("n", data: Array(text.utf8)))
            #expect(events.count == 1 && events[0].name == "n")
            #expect(String(decoding: events[0].data, as: UTF8.self) == text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"))
        }
    }
}
