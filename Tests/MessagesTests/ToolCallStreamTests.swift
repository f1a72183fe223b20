import JSON
import Testing

@testable import Messages

/// Calls as servers stream them: with and without indices and ids, in pieces or whole.
@Suite struct ToolCallStreamTests {
    private static func delta(index: Int? = nil, id: String? = nil, name: String? = nil, arguments: String? = nil) -> JSON {
        var function: JSONObject = [:]
        function["name"] = name.map(JSON.string)
        function["arguments"] = arguments.map(JSON.string)
        var call: JSONObject = ["function": .object(function)]
        call["index"] = index.map(JSON.integer)
        call["id"] = id.map(JSON.string)
        return chunk(["tool_calls": [.object(call)]])
    }

    private static func answer(_ deltas: [JSON], finish: String = "tool_calls") throws -> StreamCheck {
        try check(deltas + [chunk([:], finish: finish)])
    }

    @Test func argumentsMayComeBeforeTheName() throws {
        for id in [nil, "a"] {
            let result = try Self.answer([Self.delta(index: 0, arguments: "{\"c\":"), Self.delta(index: 0, id: id, name: "Bash", arguments: "1}")])
            #expect(result.problems.isEmpty && result.stopped)
            #expect(result.calls == [.init("Bash", "{\"c\":1}")])
        }
    }

    @Test func callsWithoutIndexAndArgumentsAreToldApartByID() throws {
        for names in [["now", "list"], ["now", "now"]] {
            let result = try Self.answer([
                Self.delta(id: "a", name: names[0], arguments: ""), Self.delta(id: "b", name: names[1], arguments: ""),
            ])
            #expect(result.calls == names.map { .init($0, "") })
        }
    }

    /// Gemini's endpoint: index 0 and no id for all calls, each whole.
    @Test func wholeCallsOfOneIndex() throws {
        for names in [["f", "f", "f"], ["f", "g", "f"]] {
            let deltas = names.enumerated().map { Self.delta(index: 0, id: "", name: $1, arguments: "{\"a\":\($0)}") }
            #expect(try Self.answer(deltas).calls == names.enumerated().map { .init($1, "{\"a\":\($0)}") })
        }
    }

    @Test func repeatedNamesAreOneCall() throws {
        for id in [nil, "a"] {
            let deltas = ["{\"a\"", ":[{}", ",{}]", "}", "", "\n"].map { Self.delta(index: 0, id: id, name: "f", arguments: $0) }
            #expect(try Self.answer(deltas).calls == [.init("f", "{\"a\":[{},{}]}\n")])
        }
    }

    @Test func aPlaceholderIsNoCall() throws {
        let deltas = [chunk(["tool_calls": [["index": 0]]]), chunk(["content": "text"]), Self.delta(index: 0, id: "")]
        let result = try Self.answer(deltas, finish: "stop")
        #expect(result.stopped && result.texts == ["text"] && result.calls.isEmpty && result.stop == .endTurn)
    }

    @Test func aCallWithoutNameIsAnError() throws {
        let named = Self.delta(index: 0, name: "f", arguments: "{}")
        let nameless = Self.delta(index: 1, arguments: "{}")
        #expect(try Self.answer([named, nameless]).error?.message == "the model's server sent a tool call without a name (index 1)")
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.allowsParallelCalls = false
        #expect(try check([named, nameless, chunk([:], finish: "stop")], options: options).calls == [.init("f", "{}")])
    }

    @Test func onlyTheFirstCallIsToldWhereOneIsAllowed() throws {
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.allowsParallelCalls = false
        let deltas = [Self.delta(index: 0, name: "f", arguments: "{}"), Self.delta(index: 1, name: "g", arguments: "{}")]
        let result = try check(deltas + [chunk([:], finish: "stop")], options: options)
        #expect(result.problems.isEmpty && result.calls == [.init("f", "{}")] && result.stop == .toolUse)
    }

    /// A limit that falls between a call's name and its arguments must not make `{}` of them, which the client would run.
    @Test(arguments: ["length", "content_filter"])
    func aCallThatWasCutBeforeItsArgumentsIsNone(finish: String) throws {
        let begun = Self.delta(index: 1, id: "b", name: "ExitPlanMode", arguments: "")
        let alone = try Self.answer([chunk(["content": "hm"]), begun], finish: finish)
        #expect(alone.stopped && alone.calls.isEmpty && alone.texts == ["hm"] && alone.stop != .toolUse)
        let whole = Self.delta(index: 0, id: "a", name: "f", arguments: "{}")
        #expect(try Self.answer([whole, begun], finish: finish).calls == [.init("f", "{}")])
        // The first has no arguments, the second has: it is told though it never was the first.
        let second = Self.delta(index: 2, id: "c", name: "g", arguments: "{\"a\"")
        #expect(try Self.answer([begun, second], finish: finish).calls == [.init("g", "{\"a\"")])
        #expect(try Self.answer([begun], finish: "tool_calls").calls == [.init("ExitPlanMode", "")])
    }

    @Test func whatIsHeldIsBounded() throws {
        let first = Self.delta(index: 0, id: "a", name: "f", arguments: "{")
        let long = String(repeating: "x", count: 60)
        let held: [[JSON]] = [
            // The first call, which streams; one that waits; one whose name, or id, never ends.
            (0..<4).map { _ in Self.delta(index: 0, id: "a", name: "f", arguments: long) },
            [first] + (0..<4).map { _ in Self.delta(index: 1, id: "b", name: "g", arguments: long) },
            (0..<4).map { Self.delta(index: 0, name: "\($0)" + long) }, (0..<4).map { Self.delta(index: 0, id: "\($0)" + long) },
            // Many small ones.
            (0..<9).map { Self.delta(index: $0, name: "f") },
            // Text, thinking behind a call; white space before a text.
            [first] + (0..<4).map { _ in chunk(["content": .string(long)]) }, [first] + (0..<4).map { _ in chunk(["reasoning": .string(long)]) },
            [first] + (0..<9).flatMap { _ in [chunk(["content": "a"]), chunk(["reasoning": "b"])] },
            (0..<4).map { _ in chunk(["content": .string(String(repeating: "\n", count: 60))]) },
        ]
        for script in held {
            var options = MessageStream.Options(id: "msg_1", model: "m")
            #expect(try check(script + [chunk([:], finish: "stop")], options: options).error?.message.contains("longer") != true)
            options.maximumHeldBytes = 200
            let result = try check(script + [chunk([:], finish: "stop")], options: options)
            #expect(result.error?.message.contains("longer than 200 bytes") == true, "\(script[0].text)")
        }
        let many = (0..<2000).map { JSON.object(["index": .integer($0), "function": ["name": "f"]]) }
        #expect(try check([chunk(["tool_calls": .array(many)])]).error?.message == "the answer has more than 1024 tool calls")
    }

    /// How a server writes calls into chunks.
    enum Habit: CaseIterable {
        case openAI, interleaved, noIndex, noIndexWhole, oneIndexNoID, repeatedName, nameLast, splitName, noID
    }

    /// The same calls come out, whichever habit they came in with.
    @Test(arguments: Habit.allCases)
    func callsSurviveEachHabit(habit: Habit) throws {
        for seed in 0..<200 {
            var random = SeededGenerator(UInt64(seed))
            let calls = (0..<Int.random(in: 1..<4, using: &random)).map { _ in
                StreamCheck.Call(["f", "g", "Bash"].randomElement(using: &random) ?? "f", Self.arguments(&random))
            }
            let result = try Self.answer(Self.deltas(calls, habit, &random))
            #expect(result.problems.isEmpty && result.stopped && result.stop == .toolUse, "seed \(seed): \(result.problems)")
            #expect(result.calls == calls, "seed \(seed)")
            for call in result.calls { #expect(throws: Never.self) { try JSON(parsing: call.arguments) } }
        }
    }

    private static func arguments(_ random: inout SeededGenerator) -> String {
        let values = ["1", "\"a\"", "{}", "[{\"b\": \"}\"}]", "\"{\\\"\"", "null"]
        let members = (0..<Int.random(in: 0..<4, using: &random)).map { "\"k\($0)\": \(values.randomElement(using: &random) ?? "1")" }
        return "{" + members.joined(separator: ", ") + "}"
    }

    private static func pieces(_ text: String, _ random: inout SeededGenerator) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let count = Int.random(in: 1...5, using: &random)
            pieces.append(String(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private static func deltas(_ calls: [StreamCheck.Call], _ habit: Habit, _ random: inout SeededGenerator) -> [JSON] {
        let each = calls.enumerated().map { position, call -> [JSON] in
            let id = "id_\(position)"
            let pieces = pieces(call.arguments, &random)
            switch habit {
            case .openAI, .interleaved:
                return [delta(index: position, id: id, name: call.name, arguments: "")] + pieces.map { delta(index: position, arguments: $0) }
            case .noIndex: return [delta(id: id, name: call.name, arguments: "")] + pieces.map { delta(arguments: $0) }
            case .noIndexWhole: return [delta(id: id, name: call.name, arguments: call.arguments)]
            case .oneIndexNoID: return [delta(index: 0, id: "", name: call.name, arguments: call.arguments)]
            case .repeatedName: return pieces.map { delta(index: position, id: id, name: call.name, arguments: $0) }
            case .nameLast: return pieces.map { delta(index: position, arguments: $0) } + [delta(index: position, id: id, name: call.name)]
            case .splitName:
                return call.name.map { delta(index: position, name: String($0)) } + pieces.map { delta(index: position, arguments: $0) }
            case .noID: return [delta(index: position, name: call.name)] + pieces.map { delta(index: position, arguments: $0) }
            }
        }
        guard habit == .interleaved else { return each.flatMap { $0 } }
        // The beginnings in order, then the rest in any order across the calls.
        var rests = each.map { Array($0.dropFirst()) }
        var mixed = each.compactMap(\.first)
        while let index = rests.indices.filter({ !rests[$0].isEmpty }).randomElement(using: &random) { mixed.append(rests[index].removeFirst()) }
        return mixed
    }
}
