import JSON
import Testing

@testable import Messages

/// Any bytes, in any form of a stream, under any options.
@Suite struct AnyBytesTests {
    private static func options(_ random: inout SeededGenerator) -> MessageStream.Options {
        let dialects: [any ToolCallDialect] = [QwenCoderDialect(), HermesDialect(), LlamaDialect(), HarmonyDialect(), MistralDialect()]
        var options = MessageStream.Options(id: "msg_1", model: "m")
        if Bool.random(using: &random), let dialect = dialects.randomElement(using: &random) {
            options.textFormat = AnswerTextTests.format(dialect, reasons: Bool.random(using: &random), opened: Bool.random(using: &random))
        }
        if Bool.random(using: &random) { options.stopSequences = ["END", "x y", "é"] }
        options.allowsCalls = Int.random(in: 0..<4, using: &random) > 0
        options.allowsParallelCalls = Bool.random(using: &random)
        options.showsThinking = Bool.random(using: &random)
        options.discardsOutput = Int.random(in: 0..<8, using: &random) == 0
        options.contextWindow = Bool.random(using: &random) ? 8 : nil
        options.estimatedInput = { 5 }
        return options
    }

    private static let texts = [
        "<tool_call>\n", "<function=get_weather>\n", "<parameter=city>\n", "Paris\n", "</parameter>\n", "</function>\n", "</tool_call>", "<think>",
        "</think>", "{\"name\": \"get_weather\", \"arguments\": {", "\"city\": \"x\"}}", "[TOOL_CALLS]get_weather[ARGS]{}",
        "<|channel|>analysis<|message|>",
        "<|end|>", "EN", "END", "é", "\u{301}", "rm", "<function=rm>", "a b", "\n",
    ]

    /// One event as some server may write it.
    private static func event(_ random: inout SeededGenerator) -> [UInt8] {
        var data: [UInt8]
        switch Int.random(in: 0..<20, using: &random) {
        case 0: data = Array("[DONE]".utf8)
        case 1: data = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 2...11: data = chunk(["content": .string(texts.randomElement(using: &random) ?? "")]).bytes
        default:
            let other = AnyUpstreamTests.randomEvent(&random)
            guard let text = other.starts(with: Array("data: ".utf8)) ? other.dropFirst(6).dropLast(2) : nil else { return other }
            data = Array(text)
        }
        let lineEnds: [[UInt8]] = [[0x0A], [0x0D, 0x0A], [0x0D]]
        let lineEnd = lineEnds.randomElement(using: &random) ?? [0x0A]
        let field = Array((Bool.random(using: &random) ? "data: " : "data:").utf8)
        var bytes: [UInt8] = []
        if Int.random(in: 0..<6, using: &random) == 0 { bytes += Array(": keepalive 1/2".utf8) + lineEnd + lineEnd }
        if Int.random(in: 0..<9, using: &random) == 0 { bytes += Array("event: message".utf8) + lineEnd }
        // A value over several lines: the line break between them is white space of JSON.
        if data.first == UInt8(ascii: "{"), Bool.random(using: &random) {
            bytes += field + [UInt8(ascii: "{")] + lineEnd
            data.removeFirst()
        }
        bytes += field + data.filter { $0 != 0x0A && $0 != 0x0D }
        return bytes + lineEnd + lineEnd
    }

    @Test func aWellFormedStreamOrOneError() {
        var ends = (stopped: 0, failed: 0, cut: 0, calls: 0)
        for seed in 0..<6000 {
            var random = SeededGenerator(UInt64(seed) &+ 77)
            let options = Self.options(&random)
            var bytes = (0..<Int.random(in: 0..<14, using: &random)).flatMap { _ in Self.event(&random) }
            if Bool.random(using: &random) { bytes += SSEWriter.event(data: chunk([:], finish: "stop").bytes) }
            if Int.random(in: 0..<4, using: &random) == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
            var body = AnswerBody()
            var stream = MessageStream(options)
            var check = StreamCheck()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...60, using: &random)))
                rest = rest.dropFirst(piece.count)
                for event in body.feed(piece).flatMap({ stream.receive($0) }) { check.add(event) }
            }
            for event in body.finish().flatMap({ stream.receive($0) }) { check.add(event) }
            #expect(check.problems.isEmpty, "seed \(seed): \(check.problems)")
            #expect(check.stopped != check.failed && stream.isOver, "seed \(seed)")
            #expect(options.allowsCalls || check.calls.isEmpty, "seed \(seed)")
            #expect(options.allowsParallelCalls || check.calls.count < 2, "seed \(seed)")
            #expect(options.showsThinking || check.thinking.isEmpty, "seed \(seed)")
            for stop in options.stopSequences where check.stopped && options.textFormat == nil {
                // Text that a call is told as is not the model's.
                #expect(!options.allowsCalls || !check.texts.joined().contains(stop), "seed \(seed): \(stop) in \(check.texts)")
            }
            if check.stopped { ends.stopped += 1 } else { ends.failed += 1 }
            if stream.isCutShort { ends.cut += 1 }
            if !check.calls.isEmpty { ends.calls += 1 }
        }
        #expect(ends.stopped > 1000 && ends.failed > 1000 && ends.cut > 50 && ends.calls > 300, "\(ends)")
    }

    /// A server's whole answer and its stream of the same content become the same message.
    @Test func theFoldedStreamIsTheWholeAnswer() throws {
        for seed in 0..<500 {
            var random = SeededGenerator(UInt64(seed) &+ 1_000_000)
            var options = Self.options(&random)
            // A stream that is cut short is left before its server has counted.
            options.stopSequences = []
            options.allowsParallelCalls = true
            let content = (0..<Int.random(in: 0..<6, using: &random)).map { _ in Self.texts.randomElement(using: &random) ?? "" }
            let thinking = ["hm", " so"].prefix(Int.random(in: 0...2, using: &random))
            let calls = (0..<Int.random(in: 0..<3, using: &random)).map { ("f\($0)", ["{\"k\"", ":", "[1, 2]}"]) }
            let reason = calls.isEmpty ? ["stop", "length", "content_filter"].randomElement(using: &random) ?? "stop" : "tool_calls"
            let usage: JSON = ["prompt_tokens": 4, "completion_tokens": 3, "prompt_tokens_details": ["cached_tokens": 1]]

            var chunks = thinking.map { chunk(["reasoning_content": .string($0)]) } + content.map { chunk(["content": .string($0)]) }
            for (index, call) in calls.enumerated() {
                chunks.append(chunk(["tool_calls": [["index": .integer(index), "id": "a\(index)", "function": ["name": .string(call.0)]]]]))
                for piece in call.1 {
                    chunks.append(chunk(["tool_calls": [["index": .integer(index), "function": ["arguments": .string(piece)]]]]))
                }
            }
            chunks += [chunk([:], finish: reason), ["choices": [], "usage": usage]]
            let streamed = chunks.flatMap { SSEWriter.event(data: $0.bytes) } + SSEWriter.event(data: Array("[DONE]".utf8))

            var message: JSONObject = ["role": "assistant", "content": .string(content.joined())]
            if !thinking.isEmpty { message["reasoning_content"] = .string(thinking.joined()) }
            if !calls.isEmpty {
                message["tool_calls"] = .array(
                    calls.enumerated().map { index, call in
                        ["id": "a\(index)", "type": "function", "function": ["name": .string(call.0), "arguments": .string(call.1.joined())]]
                    })
            }
            let whole: JSON = [
                "id": "x", "object": "chat.completion", "usage": usage,
                "choices": [["index": 0, "message": .object(message), "finish_reason": .string(reason)]],
            ]
            let (left, right) = (Self.folded(streamed, options), Self.folded(whole.bytes, options))
            #expect(left.text == right.text, "seed \(seed)")
            #expect(left["stop_reason"] != nil || left["error"] != nil)
        }
    }

    private static func folded(_ bytes: [UInt8], _ options: MessageStream.Options) -> JSON {
        var body = AnswerBody()
        var stream = MessageStream(options)
        var assembly = MessageAssembly()
        for event in (body.feed(bytes) + body.finish()).flatMap({ stream.receive($0) }) { assembly.add(event) }
        return assembly.error.map { ["error": .string("\($0)")] } ?? assembly.json
    }
}
