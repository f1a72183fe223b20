import JSON
import Testing

@testable import Messages

/// Messages with channels: reasoning, text and calls of one answer.
@Suite struct HarmonyTests {
    private func read(_ text: String, isComplete: Bool = true) -> Reading? { Reading.inAnyPieces(text, HarmonyDialect(), isComplete: isComplete) }

    @Test(
        arguments: [
            "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>",
            "<|channel|>commentary to=functions.get_weather<|message|>",
            "<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>",
            " to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>",
            "<|start|>assistant<|channel|>analysis to=functions.get_weather code<|message|>", "<|channel|>commentary to=get_weather<|message|>",
        ])
    func calls(_ head: String) throws {
        let thought = "<|channel|>analysis<|message|>Rain, or\n not?<|end|>"
        let preamble = "<|start|>assistant<|channel|>commentary<|message|>Let me look.<|end|>"
        for city in ["Oslo", "<|call|> \"<|end|>", "{\"x\": [", "é😀"] {
            for end in ["<|call|>", "<|end|>", "", "\n<|call|>"] {
                let call = head + "{\"city\": \(JSON.string(city).text), \"days\": \"4\"}" + end
                let plain = try #require(read(call))
                let framed = try #require(read(thought + preamble + (head.hasPrefix("<|channel|>") ? "<|start|>assistant" : "") + call))
                #expect(framed.reasoning == "Rain, or\n not?" && framed.text == "Let me look." || head.hasPrefix(" "), "\(framed)")
                for reading in head.hasPrefix(" ") ? [plain] : [plain, framed] {
                    #expect(reading.calls.map(\.name) == ["get_weather"] && reading.calls[0].isFinished, "\(call): \(reading)")
                    #expect(try JSON(parsing: reading.calls[0].arguments) == ["city": .string(city), "days": 4])
                }
                #expect(plain.text.isEmpty && plain.reasoning.isEmpty, "\(plain)")
            }
        }
    }

    @Test(
        arguments: [
            ("<|channel|>final<|message|>Hello.<|return|>", "Hello.", ""),
            ("<|channel|>analysis<|message|>A.<|end|><|start|>assistant<|channel|>final<|message|> B\n<|return|>", " B\n", "A."),
            (
                "<|channel|>analysis<|message|>A.<|end|>\n<|start|>assistant<|channel|>analysis<|message|>B.<|end|><|start|>assistant<|channel|>final<|message|>C",
                "C", "A.\nB."
            ),
            ("<|channel|>commentary<|message|>A.<|end|><|channel|>final<|message|>B.", "A.\nB.", ""),
            ("<|start|>assistant<|message|>A<|end|>", "A", ""),
            ("<|channel|>analysis to=browser.search code<|message|>{\"q\": 1}<|call|>", "", "{\"q\": 1}"),
            ("<|channel|>final<|message|>The marker <|channel|> stays, a <|st too.<|end|>", "The marker <|channel|> stays, a <|st too.", ""),
            ("<|channel|>final<|message|>A<|end|> and more", "A and more", ""), ("No frame.", "No frame.", ""),
            ("<|channel|> alone", "<|channel|> alone", ""),
            ("Write to=functions.x for a call", "Write to=functions.x for a call", ""),
            ("<|start|>user<|message|>x", "<|start|>user<|message|>x", ""),
            ("<|channel|>analysis", "", ""), ("<|channel|>analysis<|message|>A.<|end|><|start|>assist", "", "A."),
            (
                "<|channel|>analysis<|message|>A.<|end|><|start|>assistant<|channel|>commentary to=functions.f",
                "<|start|>assistant<|channel|>commentary to=functions.f", "A."
            ),
            ("<|channel|>commentary to=functions.f<|message|>print(1)<|call|>", "<|channel|>commentary to=functions.f<|message|>print(1)", ""),
        ])
    func messages(_ raw: String, _ text: String, _ reasoning: String) throws {
        for isComplete in [true, false] {
            let reading = try #require(read(raw, isComplete: isComplete))
            #expect(reading.text == text && reading.reasoning == reasoning && reading.calls.isEmpty, "\(reading)")
        }
    }

    @Test func severalCalls() throws {
        let call = "<|channel|>commentary to=functions.tag <|constrain|>json<|message|>{\"tags\": [1]}<|call|>"
        let reading = try #require(read(call + "<|start|>assistant" + call + "<|channel|>final<|message|>Done."))
        #expect(reading.calls.map(\.arguments) == ["{\"tags\": [1]}", "{\"tags\": [1]}"] && reading.text == "Done.", "\(reading)")
    }

    @Test(arguments: [("{\"tags\": [1", "{\"tags\": [1]}"), ("```json\n{\"tags\": [1]}\n```", "{\"tags\": [1]}"), ("{", "{}")])
    func repairs(_ body: String, _ arguments: String) throws {
        let reading = try #require(read("<|channel|>commentary to=functions.tag<|message|>\(body)<|call|>"))
        #expect(reading.calls.map(\.arguments) == [arguments] && reading.text.isEmpty, "\(reading)")
    }

    /// Cut anywhere: reasoning stays, and no call is more than was written.
    @Test func everyBeginning() throws {
        let raw =
            "<|channel|>analysis<|message|>é<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"é b\", \"days\": 12}<|call|>"
        for count in 0..<raw.count {
            let part = String(raw.prefix(count))
            let cut = try #require(read(part, isComplete: false))
            if let call = cut.calls.first, let arguments = try? JSON(parsing: call.arguments) {
                #expect(arguments == ["city": "é b", "days": 12], "\(part)")
            }
            #expect(cut.text.isEmpty || part.contains("to=") || count < 11 || part.hasSuffix("<") || part.contains("<|end"), "\(part): \(cut)")
            let whole = try #require(read(part))
            if let call = whole.calls.first { #expect((try? JSON(parsing: call.arguments)) != nil && call.isFinished, "\(part): \(whole)") }
            if part.contains("é<|end|>") { #expect(cut.reasoning == "é") }
        }
    }

    @Test func reasoningIsTold() {
        var parser = OutputParser(.init(dialect: HarmonyDialect())) { "\($0)" }
        #expect(parser.read("<|channel|>analysis<|message|>Hm") == [.reasoning("Hm")] && parser.isReasoning)
        #expect(parser.read("<|end|><|start|>assistant<|channel|>final<|message|>A") == [.text("A")] && !parser.isReasoning)
    }

    /// Where no calls are wanted, frames are read all the same, and what would be a call is text.
    @Test func unwantedCallsAreText() {
        let raw = "<|channel|>analysis<|message|>A.<|end|><|start|>assistant<|channel|>commentary to=functions.tag<|message|>{\"tags\": []}<|call|>"
        let reading = Reading(raw, .init(dialect: HarmonyDialect(), tellsCalls: false), pieces: 3)
        #expect(reading.calls.isEmpty && reading.reasoning == "A." && reading.text == "tag {\"tags\": []}", "\(reading)")
    }

    @Test func anyTextInAnyPieces() {
        let fragments =
            HarmonyDialect().markers + [
                "assistant", "analysis", "commentary ", "final", " to=functions.tag", "to=functions.", "json", "{\"tags\": ", "[1]", "{", "}", "\"",
                "\\", "word ", "\n", " ",
                "é😀", "<", "<|", "|>", "```json\n", "```", "<|channel|>final<|message|>", "<|channel|>commentary to=functions.tag<|message|>{",
            ]
        var withCalls = 0
        for seed in 0..<3000 {
            var random = SeededGenerator(UInt64(seed))
            let text = (0..<Int.random(in: 1..<14, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, HarmonyDialect(), isComplete: seed % 2 == 0) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            withCalls += reading.calls.isEmpty ? 0 : 1
            let told = reading.text + reading.reasoning + reading.calls.map(\.arguments).joined()
            // What is half said in arguments is null where the text was whole, and names are no text.
            if reading.calls.contains(where: { (try? JSON(parsing: $0.arguments)) == nil || $0.arguments.contains("null") }) { continue }
            #expect(told.count { $0 == "é" } == text.count { $0 == "é" }, "seed \(seed): \(reading) of \(text.debugDescription)")
        }
        #expect(withCalls > 100)
    }

    @Test func theTemplateTellsIt() {
        #expect(ToolCallDialects.written(by: "{{ '<|start|>assistant<|channel|>final<|message|>' }}")?.name == "harmony")
        #expect(ToolCallDialects.named("harmony_role")?.name == "harmony" && ToolCallDialects.named("harmony_channel")?.name == "harmony")
    }
}
