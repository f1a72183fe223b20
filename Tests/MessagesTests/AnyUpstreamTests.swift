import JSON
import Testing

@testable import Messages

/// Any sequence of chunks, in any order, split and cut anywhere: a well-formed stream, or one error that has a cause.
@Suite struct AnyUpstreamTests {
    @Test func aWellFormedStreamOrOneErrorWithItsCause() throws {
        var ends = (stopped: 0, failed: 0)
        for seed in 0..<3000 {
            var random = SeededGenerator(UInt64(seed))
            var bytes = (0..<Int.random(in: 0..<12, using: &random)).flatMap { _ in Self.randomEvent(&random) }
            if Bool.random(using: &random) { bytes += Self.event(chunk([:], finish: "stop")) }
            if Bool.random(using: &random) { bytes += SSEWriter.event(data: Array("[DONE]".utf8)) }
            if Int.random(in: 0..<4, using: &random) == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
            let script = try Script(bytes)
            var result = StreamCheck()
            var assembly = MessageAssembly()
            for event in try events(of: Self.pieces(bytes, &random)) {
                result.add(event)
                assembly.add(event)
            }
            #expect(result.problems.isEmpty, "seed \(seed): \(result.problems)")
            #expect(result.stopped != result.failed, "seed \(seed)")
            #expect(assembly.isComplete == result.stopped)
            if let error = result.error {
                ends.failed += 1
                #expect(script.explains(error), "seed \(seed): \(error) in \(script)")
            } else {
                ends.stopped += 1
                script.expectWhole(result, "seed \(seed)")
                try expectReplay(of: assembly, result, "seed \(seed)")
            }
        }
        #expect(ends.stopped > 500 && ends.failed > 500)
    }

    /// A kept answer told again is the same answer.
    private func expectReplay(of assembly: MessageAssembly, _ first: StreamCheck, _ comment: Comment) throws {
        var second = StreamCheck()
        for event in try #require(MessageReplay.events(of: assembly.json, id: "msg_2", model: "m")) { second.add(event) }
        #expect(second.problems.isEmpty && second.texts == first.texts && second.thinking == first.thinking, comment)
        #expect(second.stop == first.stop && second.usage == first.usage, comment)
        #expect(second.calls.map(\.name) == first.calls.map(\.name), comment)
        // Arguments are kept as a value; what could not be read comes back as it would in a request.
        let inputs = [first, second].map { check in
            check.arguments.map { ToolInput.arguments(of: ToolInput.json(ofArguments: $0)) }
        }
        #expect(inputs[0] == inputs[1], comment)
    }

    /// What a script says, read without the code under test.
    private struct Script {
        var text = ""
        var thinking = ""
        var arguments = 0
        var hasNamelessDelta = false
        var reason: String?
        var errors: [String] = []

        init(_ bytes: [UInt8]) throws {
            var parser = SSEParser()
            var events = try parser.feed(bytes)
            if let last = try parser.finish() { events.append(last) }
            for event in events {
                if event.data.elementsEqual("[DONE]".utf8) { break }
                guard let json = try? JSON(parsing: event.data) else {
                    errors.append("not JSON")
                    break
                }
                if let message = json["error"]?["message"]?.stringValue {
                    errors.append(message)
                    break
                }
                take(json["choices"]?[0])
            }
        }

        private mutating func take(_ choice: JSON?) {
            text += choice?["delta"]?["content"]?.stringValue ?? ""
            thinking += choice?["delta"]?["reasoning_content"]?.stringValue ?? ""
            for call in choice?["delta"]?["tool_calls"]?.arrayValue ?? [] {
                let value = call["function"]?["arguments"]
                arguments += (value?.stringValue ?? value?.text ?? "").utf8.count
                if (call["function"]?["name"]?.stringValue ?? "").isEmpty { hasNamelessDelta = true }
            }
            if let word = choice?["finish_reason"]?.stringValue, !word.isEmpty { reason = word }
        }

        func explains(_ error: AnthropicError) -> Bool {
            if let first = errors.first { return error.message == first }
            guard let reason else { return error.message.hasPrefix("the model's server ended the stream before") }
            if reason == "abort" { return error.message.contains("`abort`") }
            return hasNamelessDelta && error.message.contains("without a name")
        }

        /// Nothing is lost but white space that would be a block of its own.
        func expectWhole(_ result: StreamCheck, _ comment: Comment) {
            #expect(errors.isEmpty && reason != nil && reason != "abort", comment)
            #expect(result.texts.joined().filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace }, comment)
            #expect(result.thinking == thinking, comment)
            #expect(result.arguments.map(\.utf8.count).reduce(0, +) == arguments, comment)
        }
    }

    private static func pieces(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(40, rest.count), using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private static func event(_ json: JSON) -> [UInt8] { SSEWriter.event(data: json.bytes) }

    static func randomEvent(_ random: inout SeededGenerator) -> [UInt8] {
        let texts = ["", "a", " ", "\n\n", "é😀", "{\"a\":1}", "{\"b\"", "x y"]
        func text(_ random: inout SeededGenerator) -> JSON { .string(texts.randomElement(using: &random) ?? "") }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return event(chunk(["role": "assistant", "content": ""]))
        case 1, 2: return event(chunk(["content": text(&random)], finish: ""))
        case 3: return event(chunk(["reasoning_content": text(&random)]))
        case 4, 5, 6:
            var function: JSONObject = [:]
            if Int.random(in: 0..<4, using: &random) > 0 { function["name"] = .string(["f", "g", ""].randomElement(using: &random) ?? "f") }
            if Bool.random(using: &random) { function["arguments"] = Bool.random(using: &random) ? text(&random) : ["k": text(&random)] }
            var call: JSONObject = ["function": .object(function)]
            if Bool.random(using: &random) { call["index"] = .integer(Int.random(in: 0..<3, using: &random)) }
            if Bool.random(using: &random) { call["id"] = .string(["a", "b", ""].randomElement(using: &random) ?? "a") }
            return event(chunk(["tool_calls": [.object(call)]]))
        case 7: return event(chunk([:], finish: ["stop", "length", "tool_calls", "content_filter", "odd", "abort"].randomElement(using: &random)))
        case 8:
            return event([
                "choices": [],
                "usage": [
                    "prompt_tokens": .integer(Int.random(in: 0..<9, using: &random)),
                    "completion_tokens": .integer(Int.random(in: 0..<9, using: &random)),
                ],
            ])
        case 9: return SSEWriter.comment("keepalive 1/2")
        case 10:
            return event(
                [[:], ["choices": 3], ["choices": [nil]], ["error": nil, "choices": [["delta": nil]]], 7].randomElement(using: &random) ?? [:])
        default:
            return event(
                Int.random(in: 0..<5, using: &random) == 0 ? ["error": ["message": "bad"]] : chunk(["content": text(&random)], finish: "stop"))
        }
    }
}
