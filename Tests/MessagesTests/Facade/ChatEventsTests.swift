import JSON
import Testing

@testable import Messages

/// Streams that pass through: the same bytes, in whole events.
@Suite struct ChatEventsTests {
    private static func feed(_ pieces: [[UInt8]], dropsUsage: Bool = false) throws -> (passed: [[UInt8]], facts: ChatFacts) {
        var events = ChatEvents(dropsUsage: dropsUsage)
        var passed: [[UInt8]] = []
        for piece in pieces { passed.append(try piece.withUnsafeBytes { (bytes) throws(SSEError) in try events.feed(bytes) }) }
        passed.append(try events.finish())
        return (passed, events.facts)
    }

    private static let answer: [JSON] = [
        chunk(["role": "assistant", "content": ""]), chunk(["content": "hé"]), chunk([:], finish: "stop"),
        ["choices": [], "usage": ["prompt_tokens": 4, "completion_tokens": 2, "cost": 0.5]],
    ]

    @Test func anySplitGivesTheSameBytesInWholeEvents() throws {
        for seed in 0..<2000 {
            var random = SeededGenerator(UInt64(seed))
            let ends = ["\n", "\r\n", "\r"]
            let end = ends.randomElement(using: &random) ?? "\n"
            let lines = ["data: 1", "", ": c", "", "event: e", "data:{}", "data: x", "", "", "id: 7"]
            let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in (lines.randomElement(using: &random) ?? "") + end }.joined()
            var rest = Array(text.utf8)[...]
            var pieces: [[UInt8]] = []
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(9, rest.count), using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let passed = try Self.feed(pieces).passed
            #expect(passed.joined().elementsEqual(text.utf8), "seed \(seed)")
            for piece in passed.dropLast() where !piece.isEmpty {
                let isWhole = String(decoding: piece, as: UTF8.self).hasSuffix(end + end)
                #expect(isWhole, "seed \(seed): \(String(decoding: piece, as: UTF8.self).debugDescription)")
            }
        }
    }

    @Test func aChunkOfCountsAloneStaysWhereNobodyAskedForIt() throws {
        let bytes = Self.answer.map { SSEWriter.event(data: $0.bytes) } + [SSEWriter.event(data: Array("[DONE]".utf8))]
        let all = Array(bytes.joined())
        for pieces in [bytes, [all], all.map { [$0] }] {
            let (passed, facts) = try Self.feed(pieces, dropsUsage: true)
            #expect(passed.joined().elementsEqual((bytes[..<3] + bytes[4...]).joined()))
            #expect(facts.usage?.promptTokens == 4 && facts.usage?.dollars == 0.5 && facts.finishReason == .stop && facts.hasWords)
            #expect(try Self.feed(pieces).passed.joined().elementsEqual(all))
        }
    }

    /// Clients pass over a field that they do not know.
    @Test(arguments: ["", "\n", "\n\n"]) func anErrorThatStandsInNoDataIsToldAsOne(end: String) throws {
        let word = SSEWriter.event(data: chunk(["content": "Half"]).bytes)
        let (passed, facts) = try Self.feed([word + Array((#"error: {"code":400,"message":"no"}"# + end).utf8)])
        #expect(passed.joined().elementsEqual(word + Array("data: {\"error\":{\"code\":400,\"message\":\"no\"}}\n\n".utf8)))
        #expect(facts.error == .invalid("no"))
    }

    @Test func anEventWithoutAnEndIsBounded() {
        #expect(throws: SSEError.self) {
            try Self.feed(Array(repeating: Array(repeating: 0x61, count: 1 << 20), count: 17))
        }
    }
}
