import JSON
import Testing

@testable import InferenceRuntime

@Suite(.enabled(if: SharedOracle.isThere, "ANYCLAUDE_SHARED names no folder of oracle outputs"))
struct ChatTemplateOracleTests {
    @Test func rendersWhatTransformersRenders() throws {
        let directory = (SharedOracle.directory ?? "") + "/tiny-qwen3"
        let tokenizer = try Tokenizer(directory: directory)
        let template = try #require(try ChatTemplate.ofCheckpoint(directory))
        let lines = try SharedOracle.lines("chat_template.jsonl")
        #expect(!lines.isEmpty)
        for line in lines {
            var options = line["kwargs"]?.objectValue ?? [:]
            let tools = options["tools"]?.arrayValue
            let addGenerationPrompt = options["add_generation_prompt"]?.boolValue ?? false
            options["tools"] = nil
            options["add_generation_prompt"] = nil
            let text = try template.render(
                messages: line["messages"]?.arrayValue ?? [], tools: tools, addGenerationPrompt: addGenerationPrompt, options: options)
            #expect(Array(text.utf8) == Array((line["rendered"]?.stringValue ?? "").utf8), "\(line["name"]?.text ?? "")")
            #expect(try tokenizer.encode(text) == SharedOracle.ids(line["ids"]))
        }
    }
}
