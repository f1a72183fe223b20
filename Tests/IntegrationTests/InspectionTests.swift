import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// `anyclaude-runtime` as a filter of JSON lines.
    @Suite struct InspectionTests {
        /// A program that asks one thing after the other reads each answer before it goes on.
        @Test func eachLineIsAnsweredBeforeTheNextIsAsked() throws {
            let stack = try Stack()
            let script = """
                import json, subprocess, sys
                it = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
                for text in ["Hello", "again"]:
                    it.stdin.write(json.dumps({"text": text}) + "\\n")
                    print(it.stdout.readline(), end="")
                """
            let run = try ProgramRun.run(
                "python3", ["-c", script, "anyclaude-runtime", "tokenize", "--model", TestEnvironment.demoModel], environment: stack.environment,
                limit: 30)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.output.split(separator: "\n").map { try JSON(parsing: String($0))["ids"]?.arrayValue?.isEmpty } == [false, false])
        }

        @Test func aTemplateOfItsOwnHasTheCheckpointsTokens() throws {
            let stack = try Stack()
            let configuration = try JSON(parsing: String(contentsOfFile: "\(TestEnvironment.demoModel)/tokenizer_config.json", encoding: .utf8))
            let token = try #require(configuration["eos_token"]?.stringValue ?? configuration["eos_token"]?["content"]?.stringValue)
            let template = try stack.write("own.jinja", "{{ messages[0].content }}{{ eos_token }}")
            let run = try ProgramRun.run(
                "anyclaude-runtime", ["render", "--model", TestEnvironment.demoModel, "--template", template], environment: stack.environment,
                input: #"{"messages": [{"role": "user", "content": "Hello"}]}"# + "\n", limit: 30)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try JSON(parsing: run.output)["rendered"]?.stringValue == "Hello" + token)
        }
    }
}
