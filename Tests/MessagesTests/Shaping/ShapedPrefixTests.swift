import JSON
import Testing

@testable import Messages

/// A shaped conversation is the beginning of its shaped continuation, as it would be without shaping.
@Suite struct ShapedPrefixTests {
    private static func shaping(_ random: inout SeededGenerator) -> RequestShaping {
        RequestShaping(
            allowedTools: Bool.random(using: &random) ? ToolAllowList(["Bash", "Read", "mcp__*", "ToolSearch"]) : nil,
            stubsTools: .random(using: &random),
            tier: PromptTier.allCases.randomElement(using: &random), dropsPlugins: .random(using: &random),
            thinking: ([nil] + ThinkingWord.allCases.map(Optional.some)).randomElement(using: &random) ?? nil)
    }

    /// A turn of the client: it is sent as a list with a breakpoint while it is the last, and as a text later.
    private static func turns(_ random: inout SeededGenerator, _ count: Int) -> [(role: String, text: String)] {
        (0..<count).map { index in
            let role = index % 2 == 0 ? "user" : Bool.random(using: &random) ? "assistant" : "system"
            let long = role == "system" && Bool.random(using: &random)
            return (role, long ? ClientBody.environment : "Turn \(index). It says a little. And more.")
        }
    }

    private static func body(_ turns: ArraySlice<(role: String, text: String)>) -> JSON {
        let messages = turns.indices.map { index -> JSON in
            let (role, text) = turns[index]
            if index == turns.indices.last {
                return ["role": .string(role), "content": [["type": "text", "text": .string(text), "cache_control": ["type": "ephemeral"]]]]
            }
            return ["role": .string(role), "content": .string(text)]
        }
        return ClientBody.json(ClientBody.turns + messages)
    }

    @Test func turnByTurn() throws {
        var random = SeededGenerator(11)
        for _ in 0..<12 {
            let shaping = Self.shaping(&random)
            let turns = Self.turns(&random, 9)
            for dialect in [BackendDialect.native, .vllm, .mlxTextgen] {
                let options = RequestTranslation.Options(dialect: dialect, keepsInlineSystem: true)
                var earlier: (prefix: RequestTranslation.Prefix, turns: [JSON])?
                for count in stride(from: 1, through: 9, by: 2) {
                    let request = try shaping.shape(MessagesRequest(Self.body(turns[..<count]))).request
                    let prefix = try RequestTranslation.prefix(of: request, dialect: dialect)
                    let messages = try RequestTranslation.turns(of: request, prefix: prefix, options: options)
                    if let earlier {
                        #expect(earlier.prefix == prefix)
                        // The open turn may take more words; what is closed stays.
                        #expect(messages.starts(with: earlier.turns.dropLast()), "\(shaping)")
                        let (last, now) = (earlier.turns.last, messages[earlier.turns.count - 1])
                        #expect(now == last || text(now).hasPrefix(text(last ?? .null)), "\(shaping)")
                    }
                    earlier = (prefix, messages)
                }
            }
        }
    }

    private func text(_ message: JSON) -> String { message["content"]?.stringValue ?? "" }

    /// Two sessions of other first words share all that comes before these.
    @Test func sessionsAreShapedAlike() throws {
        var random = SeededGenerator(12)
        for _ in 0..<8 {
            let shaping = Self.shaping(&random)
            func prefix(_ words: String) throws -> RequestTranslation.Prefix {
                let json = ClientBody.json([["role": "user", "content": .string(words)]])
                return try RequestTranslation.prefix(of: shaping.shape(MessagesRequest(json)).request, dialect: .native)
            }
            #expect(try prefix("one") == prefix("another"))
        }
    }
}
