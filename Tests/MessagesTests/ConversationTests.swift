import JSON
import Testing

@testable import Messages

private func user(_ text: String) -> JSON { ["role": "user", "content": .string(text)] }
private func system(_ text: String) -> JSON { ["role": "system", "content": .string(text)] }
private func calls(_ ids: String...) -> JSON {
    ["role": "assistant", "content": .array(ids.map { ["type": "tool_use", "id": .string($0), "name": "f", "input": [:]] })]
}
private func results(_ ids: String...) -> JSON {
    ["role": "user", "content": .array(ids.map { ["type": "tool_result", "tool_use_id": .string($0), "content": .string("out " + $0)] })]
}

@Suite struct ConversationTests {
    private static func messages(_ turns: [JSON], inline: Bool, _ dialect: BackendDialect = .native) throws -> [JSON] {
        let request = try RequestTranslationTests.request(.array(turns))
        return try RequestTranslationTests.body(request, dialect, inline: inline)["messages"]?.arrayValue ?? []
    }

    /// Nothing may stand between calls and their results, however many turns do.
    @Test(arguments: [true, false])
    func resultsFindTheirCallsBehindOtherTurns(inline: Bool) throws {
        let between: [[JSON]] = [
            [], [system("<a>")], [system("<a>"), system("<b>")], [user("<u>"), system("<a>")], [system("<a>"), user("<u>"), system("<b>")],
            [results("t1"), system("<a>")],
        ]
        for turns in between {
            let rest = turns.contains(results("t1")) ? results("t2") : results("t2", "t1")
            let messages = try Self.messages([user("go"), calls("t1", "t2")] + turns + [rest, system("<end>")], inline: inline)
            #expect(messages.prefix(4).map { $0["role"] } == ["user", "assistant", "tool", "tool"], "\(turns)")
            let contents = messages.map { $0["content"]?.stringValue ?? "" }
            #expect(contents[2] == "out t1" && contents[3].hasPrefix("out t2"), "\(turns)")
            #expect(!contents.joined().contains("no result") && !contents.joined().contains("result of tool call"), "\(turns)")
            for word in ["<a>", "<b>", "<u>", "<end>"] {
                let wanted = word == "<end>" || turns.contains(system(word)) || turns.contains(user(word)) ? 1 : 0
                #expect(contents.count { $0.contains(word) } == wanted, "\(turns)")
            }
        }
    }

    @Test func aSystemTurnBehindAllResultsKeepsItsPlace() throws {
        let messages = try Self.messages([user("go"), calls("t"), results("t"), system("s")], inline: true)
        #expect(messages.map { $0["role"] } == ["user", "assistant", "tool", "system"])
        let folded = try Self.messages([user("go"), calls("t"), results("t"), system("s"), system("r")], inline: false)
        #expect(folded.map { $0["role"] } == ["user", "assistant", "tool"])
        let reminders = "<system-reminder>\ns\n</system-reminder>\n\n<system-reminder>\nr\n</system-reminder>"
        #expect(folded[2]["content"] == .string("out t\n\n" + reminders))
    }

    @Test func aBreakpointOfNullIsNone() throws {
        let content: JSON = [["type": "text", "text": "a", "cache_control": nil], ["type": "text", "text": "b"]]
        let messages = try Self.messages([["role": "user", "content": content]], inline: true, .openrouter)
        #expect(messages == [["role": "user", "content": [["type": "text", "text": "a"], ["type": "text", "text": "b"]]]])
    }

    /// Where breakpoints are handed on, texts that have lost theirs read as before.
    @Test func textsStayApartWithoutTheirBreakpoint() throws {
        let text = { (text: String, isMarked: Bool) -> JSON in
            isMarked ? ["type": "text", "text": .string(text), "cache_control": ["type": "ephemeral"]] : ["type": "text", "text": .string(text)]
        }
        for dialect in BackendDialect.all {
            let words = try [true, false].map { isMarked -> [JSON?] in
                let turn: JSON = ["role": "user", "content": [text("a", false), text("b", isMarked)]]
                let content = try Self.messages([turn], inline: true, dialect)[0]["content"]
                return content?.arrayValue?.map { $0["text"] } ?? [content]
            }
            #expect(words[0] == words[1], "\(dialect.name)")
        }
    }

    @Test func picturesKeepTheirPlaceAmongTexts() throws {
        let picture = { (data: String) -> JSON in ["type": "image", "source": ["type": "url", "url": .string("https://x/" + data)]] }
        let text = { (text: String) -> JSON in ["type": "text", "text": .string(text)] }
        let content: [JSON] = [picture("1"), text("a"), picture("2"), picture("3"), text("b")]
        let message = try Self.messages([["role": "user", "content": .array(content)]], inline: false, .generic)[0]
        let parts = message["content"]?.arrayValue?.map { $0["text"]?.stringValue ?? $0["image_url"]?["url"]?.stringValue }
        #expect(parts == ["https://x/1", "a", "https://x/2", "https://x/3", "b"])
    }

    /// What one body can hold must not cost its square.
    @Test func manyCallsAndPartsAreRead() throws {
        let ids = (0..<20_000).map { "t\($0)" }
        let texts = ids.map { ["type": "text", "text": .string($0)] as JSON }
        let picture: JSON = ["type": "image", "source": ["type": "url", "url": "https://x/u"]]
        let references: JSON = .array(ids.map { ["type": "tool_reference", "tool_name": .string($0)] })
        let turns: [JSON] = [
            ["role": "user", "content": .array([picture] + texts)],
            ["role": "assistant", "content": .array(ids.map { ["type": "tool_use", "id": .string($0), "name": "f", "input": [:]] })],
            ["role": "user", "content": .array(ids.map { ["type": "tool_result", "tool_use_id": .string($0), "content": "x"] })],
        ]
        let many =
            turns + ids.map { _ in system("s") } + [
                calls("last"), ["role": "user", "content": [["type": "tool_result", "tool_use_id": "last", "content": references]]],
            ]
        let messages = try Self.messages(many, inline: false, .generic)
        #expect(messages.count == 2 + ids.count + 2)
        #expect(messages[0]["content"]?.arrayValue?.count == 1 + ids.count)
    }

    /// Each request of a conversation renders as the beginning of the next, for each dialect and both treatments of system turns.
    @Test func aConversationOnlyGrows() throws {
        for seed in 0..<60 {
            var random = SeededGenerator(UInt64(seed))
            let turns = Self.conversation(&random)
            // Two turns of the assistant in a row are one.
            let ends = turns.indices.filter { end in
                end + 1 == turns.count || turns[end + 1]["role"] == "assistant" && turns[end]["role"] != "assistant"
            }
            for dialect in BackendDialect.all {
                for inline in [false, true] {
                    var previous: [String] = []
                    for end in ends {
                        // As text: a server compares bytes, so the order of members counts.
                        let messages = try Self.messages(Array(turns[...end]), inline: inline, dialect).map(\.text)
                        #expect(messages.starts(with: previous), "seed \(seed), \(dialect.name), up to turn \(end)")
                        previous = messages
                    }
                }
            }
        }
    }

    private static func conversation(_ random: inout SeededGenerator) -> [JSON] {
        func isChosen(_ random: inout SeededGenerator) -> Bool { Int.random(in: 0..<4, using: &random) == 0 }
        let picture: JSON = ["type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo"]]
        var turns: [JSON] = [user("start")]
        for step in 0..<8 {
            for note in 0..<Int.random(in: 0..<3, using: &random) { turns.append(system("note \(step) \(note)")) }
            if isChosen(&random) { turns.append(user("more \(step)")) }
            let calls = (0..<Int.random(in: 0..<3, using: &random)).map { "t\(step)_\($0)" }
            var content: [JSON] = []
            if isChosen(&random) { content.append(["type": "thinking", "thinking": "hm \(step)", "signature": ""]) }
            if Bool.random(using: &random) || calls.isEmpty { content.append(["type": "text", "text": .string("say \(step)")]) }
            content += calls.map { ["type": "tool_use", "id": .string($0), "name": "f", "input": ["n": .integer(step), "a": "b"]] }
            turns.append(["role": "assistant", "content": .array(content)])
            var reply: [JSON] = calls.reversed().map { id in
                let text: JSON = ["type": "text", "text": .string("out \(id)")]
                let result: JSON = isChosen(&random) ? [text, picture] : [text]
                return ["type": "tool_result", "tool_use_id": .string(id), "content": result]
            }
            // A result that is lost, one that nobody asked for, and a reminder between results.
            if isChosen(&random), !reply.isEmpty { reply.removeLast() }
            if isChosen(&random) { reply.append(["type": "tool_result", "tool_use_id": "none", "content": "orphan"]) }
            if isChosen(&random), reply.count > 1 {
                turns.append(["role": "user", "content": [reply.removeFirst()]])
                turns.append(system("between \(step)"))
            }
            if calls.isEmpty || Bool.random(using: &random) { reply.append(["type": "text", "text": .string("next \(step)")]) }
            if isChosen(&random) { reply.append(picture) }
            if !reply.isEmpty { turns.append(["role": "user", "content": .array(reply)]) }
        }
        return turns
    }
}
