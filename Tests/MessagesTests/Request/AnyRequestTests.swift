import JSON
import Testing

@testable import Messages

/// Any request gives, for each dialect, a clear 400 or a chat request that the server's template can render.
@Suite struct AnyRequestTests {
    private struct Case: CustomStringConvertible {
        var seed: Int
        var dialect: BackendDialect
        var inline: Bool
        var description: String { "seed \(seed), \(dialect.name), system turns \(inline ? "kept" : "folded")" }
    }

    private static func cases(_ seeds: Range<Int>) -> [Case] {
        seeds.flatMap { seed in BackendDialect.all.flatMap { dialect in [false, true].map { Case(seed: seed, dialect: dialect, inline: $0) } } }
    }

    /// - Returns: nil where it was refused, which names the place.
    private static func translated(_ json: JSON, _ test: Case) throws -> JSONObject? {
        do {
            return try RequestTranslationTests.body(MessagesRequest(json), test.dialect, inline: test.inline)
        } catch let error as AnthropicError {
            #expect(error.kind == .invalidRequest && error.shouldRetry == false, "\(test)")
            let places = ["messages.", "tools", "tool_choice", "stop_sequences", "messages:"]
            #expect(places.contains { error.message.hasPrefix($0) }, "\(test): \(error.message)")
            return nil
        }
    }

    @Test func anyRequestIsRefusedByPlaceOrWellFormed() throws {
        var refused = 0
        for test in Self.cases(0..<100) {
            var generator = AnyRequest(seed: test.seed, isProper: test.seed % 2 == 0)
            let json = JSON.object(generator.body())
            guard let body = try Self.translated(json, test) else {
                refused += 1
                continue
            }
            try Self.check(body, test)
        }
        // Most are no mistakes, and some are.
        #expect((30..<1000).contains(refused), "\(refused) of 1600")
    }

    private static func check(_ body: JSONObject, _ test: Case) throws {
        let messages = try #require(body["messages"]?.arrayValue, "\(test)")
        let roles = messages.map { $0["role"]?.stringValue ?? "" }
        #expect(roles.allSatisfy { ["system", "user", "assistant", "tool"].contains($0) }, "\(test)")
        #expect(roles.first { $0 != "system" } == "user", "\(test): \(roles)")
        #expect(roles.prefix { $0 == "system" }.count <= 1, "\(test): \(roles)")
        if test.dialect.inlineSystem == .fold || test.dialect.inlineSystem == .asked && !test.inline {
            #expect(!roles.dropFirst().contains("system"), "\(test): \(roles)")
        }
        checkOrder(messages, roles, test)
        try checkParts(messages, test)
        let names = (body["tools"]?.arrayValue ?? []).map { $0["function"]?["name"]?.stringValue ?? "" }
        #expect(Set(names).count == names.count && names.allSatisfy { $0 == ToolNames.wire($0) }, "\(test): \(names)")
        #expect(body["stream"] == true && body["model"] == "m" && (body["max_tokens"]?.intValue ?? -1) >= (test.dialect.acceptsZeroMaxTokens ? 0 : 1))
        // It is JSON that comes back as it was.
        #expect(try JSON(parsing: JSON.object(body).bytes) == .object(body))
    }

    /// Results stand behind their calls and in their order; other roles take turns.
    private static func checkOrder(_ messages: [JSON], _ roles: [String], _ test: Case) {
        var open: [String] = []
        var previous = ""
        for (message, role) in zip(messages, roles) {
            if role == "tool" {
                #expect(message["tool_call_id"]?.stringValue == open.first && message["content"]?.stringValue != nil, "\(test): \(roles)")
                open = Array(open.dropFirst())
            } else {
                #expect(open.isEmpty, "\(test): calls without results before \(role), \(roles)")
            }
            let mayRepeat = role == "tool" || role == "system" || role == "assistant" && test.dialect.separatesContentFromToolCalls
            #expect(role != previous || mayRepeat, "\(test): \(roles)")
            let calls = message["tool_calls"]?.arrayValue ?? []
            let ids = calls.compactMap { $0["id"]?.stringValue }
            #expect(Set(ids).count == calls.count && !ids.contains(""), "\(test): \(ids)")
            if !calls.isEmpty { open = ids }
            previous = role
        }
        #expect(open.isEmpty, "\(test): calls without results at the end")
    }

    private static func checkParts(_ messages: [JSON], _ test: Case) throws {
        for message in messages {
            for call in message["tool_calls"]?.arrayValue ?? [] {
                let name = try #require(call["function"]?["name"]?.stringValue)
                #expect(!name.isEmpty && name == ToolNames.wire(name), "\(test): \(name)")
                let arguments = try #require(call["function"]?["arguments"]?.stringValue)
                #expect(try JSON(parsing: arguments).objectValue != nil, "\(test): \(arguments)")
            }
            let content = try #require(message["content"], "\(test)")
            let isEmptyWithCalls = content.isNull && message["tool_calls"] != nil
            #expect(content.stringValue != nil || content.arrayValue?.isEmpty == false || isEmptyWithCalls, "\(test): \(content.text)")
            for part in content.arrayValue ?? [] {
                #expect(part["type"] != "text" || part["text"]?.stringValue?.isEmpty == false, "\(test)")
                #expect(part["type"] != "image_url" || test.dialect.images != nil, "\(test)")
            }
            let hasBreakpoint = message.text.contains("cache_control")
            #expect(!hasBreakpoint || test.dialect.keepsCacheControl, "\(test)")
            #expect(message["late_tools"] == nil || test.dialect.lateTools == .inMessages && message["role"] != "assistant", "\(test)")
        }
    }

    /// What a server with a prefix cache reads of the first turns is what it read when they were all.
    @Test func eachTurnIsTheBeginningOfTheNext() throws {
        for test in Self.cases(0..<100) where test.seed % 2 == 0 {
            var generator = AnyRequest(seed: test.seed, isProper: true)
            var body = generator.body()
            body["output_config"] = nil
            let turns = try #require(body["messages"]?.arrayValue)
            var previous: [String] = []
            for end in turns.indices where end + 1 == turns.count || turns[end + 1]["role"] == "assistant" {
                body["messages"] = .array(Array(turns[...end]))
                guard let translated = try Self.translated(.object(body), test) else { break }
                var rendered = (translated["messages"]?.arrayValue ?? []).map { Self.read($0).text }
                // Where late tools cannot be told in their place, they change the head, once.
                if test.dialect.lateTools == .inMessages { rendered.insert(translated["tools"]?.text ?? "", at: 0) }
                #expect(rendered.starts(with: previous), "\(test), up to turn \(end)")
                previous = rendered
            }
        }
    }

    /// A message as a server reads it: breakpoints move on from request to request, and a part is the same as its text alone.
    private static func read(_ message: JSON) -> JSON {
        guard var object = message.objectValue else { return message }
        object["cache_control"] = nil
        guard let parts = object["content"]?.arrayValue else { return .object(object) }
        let plain = parts.map { part -> JSON in
            var part = part.objectValue ?? [:]
            part["cache_control"] = nil
            return .object(part)
        }
        object["content"] = plain.count == 1 ? plain[0]["text"] ?? plain[0] : .array(plain)
        return .object(object)
    }
}
