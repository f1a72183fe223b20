import JSON
import Testing

@testable import Messages

@Suite struct PromptOutlineTests {
    private static func tool(_ name: String) -> JSON { ["type": "function", "function": ["name": .string(name), "parameters": [:]]] }
    private static func message(_ role: String, _ text: String) -> JSON { ["role": .string(role), "content": .string(text)] }

    private static func outline(
        tools: [String] = ["a", "b", "c"], system: [String] = ["s", "t"], messages: [JSON] = [message("user", "hi")], model: String = "m",
        parameters: JSON? = nil, toolsFirst: Bool = true
    ) -> PromptOutline {
        let head = PromptOutline.Head(tools: tools.map(tool), system: system, printsToolsFirst: toolsFirst)
        return PromptOutline(model: model, head: head, messages: messages, parameters: parameters)
    }

    private static let first = outline()

    @Test func aContinuationHasNoDivergence() {
        let longer = Self.outline(messages: [Self.message("user", "hi"), Self.message("assistant", "yes"), Self.message("user", "so")])
        #expect(longer.divergence(from: Self.first) == nil && longer.extends(Self.first))
        // What was computed for the longer one serves the shorter one whole, though it extends nothing.
        #expect(Self.first.divergence(from: longer) == nil && !Self.first.extends(longer))
    }

    @Test(
        arguments: [
            (outline(model: "n"), "model", "the model is another", 0),
            (outline(tools: ["a", "x", "b", "c"]), "tools", "tools.1 (`x`) was inserted", 1),
            (outline(tools: ["a", "c"]), "tools", "tools.1 (`b`) was removed", 1),
            (outline(tools: ["a", "x", "c"]), "tools", "tools.1 (`x`) is another", 1),
            (outline(tools: ["a", "b"]), "tools", "tools.2 (`c`) was removed", 2),
            (outline(system: ["s", "u"]), "system", "system.1 is another", 4),
            (outline(system: ["s"]), "system", "system.1 was removed", 4),
            (outline(messages: [message("user", "ho")]), "messages", "messages.0.content (user) is another", 5),
            (outline(messages: [message("system", "hi")]), "messages", "messages.0.content (system) is another", 5),
            (
                outline(parameters: ["enable_thinking": true]), "parameters",
                "tools, system and messages are the same; what decides how they are printed is not", 6
            ),
        ])
    func theFirstDifferenceIsNamed(_ later: PromptOutline, _ section: String, _ words: String, _ shared: Int) throws {
        let divergence = try #require(later.divergence(from: Self.first))
        #expect(divergence.section.rawValue == section)
        #expect(divergence.description == words)
        #expect(divergence.sharedPieces == shared)
        #expect(divergence.sharedBytes + divergence.lostBytes == Self.first.bytes)
    }

    /// Where a template prints the system prompt first, a change of tools leaves it what it was.
    @Test func theOrderIsTheTemplates() throws {
        let earlier = Self.outline(toolsFirst: false)
        let divergence = try #require(Self.outline(tools: ["x"], toolsFirst: false).divergence(from: earlier))
        #expect(divergence.sharedPieces == 2)
    }

    @Test func eachPartOfAMessageIsAPiece() {
        let call: JSON = ["id": "1", "type": "function", "function": ["name": "f", "arguments": "{}"]]
        let messages: [JSON] = [
            ["role": "assistant", "reasoning_content": "hm", "content": "x", "tool_calls": [call, call]],
            ["role": "user", "content": [["type": "text", "text": "a"], ["type": "text", "text": "b"]]],
        ]
        let places = Self.outline(tools: [], system: [], messages: messages).pieces.map(\.place.description)
        #expect(
            places == [
                "messages.0.reasoning (assistant)", "messages.0.content (assistant)", "messages.0.tool_calls.0 (assistant)",
                "messages.0.tool_calls.1 (assistant)", "messages.1.content.0 (user)", "messages.1.content.1 (user)",
            ])
    }

    /// Every byte counts, at every length.
    @Test func hashesTellTextsApart() {
        var seen: Set<UInt64> = []
        for length in 0..<70 {
            for place in -1..<length {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                if place >= 0 { bytes[place] = UInt8(ascii: "b") }
                var hash = PieceHash()
                hash.add(.string(String(decoding: bytes, as: UTF8.self)))
                #expect(seen.insert(hash.value).inserted, "length \(length), place \(place)")
            }
        }
    }

    @Test func theOrderOfMembersCounts() {
        func hash(_ json: JSON) -> UInt64 {
            var hash = PieceHash()
            hash.add(json)
            return hash.value
        }
        #expect(hash(["a": 1, "b": 2]) != hash(["b": 2, "a": 1]))
        #expect(hash(["a", "b"]) != hash(["ab"]))
        #expect(hash([["a"], "b"]) != hash(["a", ["b"]]))
    }
}
