import ConfigCompiler
import FoundationEssentials
import JSON
import Testing

/// `.pre-commit-hooks.yaml` follows the names of configurations.
@Suite struct HookTests {
    @Test func theHooksTakeExactlyTheFilesThatAreFound() throws {
        let path = Fixtures.folder.appendingPathComponent("../../../.pre-commit-hooks.yaml")
        let file = SourceFile(path: "hooks.yaml", bytes: [UInt8](try Data(contentsOf: path)))
        let hooks = try #require(SyntaxDump.dump(file).values.first?.arrayValue)
        #expect(hooks.compactMap { $0["id"]?.stringValue } == ["anyclaude-validate", "anyclaude-fix", "anyclaude-fmt"])
        for hook in hooks {
            #expect(["anyclaude validate", "anyclaude validate --fix", "anyclaude fmt"].contains(hook["entry"]?.stringValue))
            let files = try Regex(try #require(hook["files"]?.stringValue))
            for name in ConfigurationFile.names + ["examples/quickstart/.anyclauderc.yaml"] { #expect(name.firstMatch(of: files) != nil, "\(name)") }
            for name in ["x.anyclauderc", ".anyclauderc.toml", ".anyclauderc.yaml.bak", "anyclauderc.yaml"] {
                #expect(name.firstMatch(of: files) == nil, "\(name)")
            }
        }
    }
}
