import JSON
import Testing

extension CommandLineTests {
    @Suite struct DumpTests {
        @Test func formatsOfValues() throws {
            let box = try Sandbox()
            try box.write("a.yaml", "b: 1\na: [x, 0x1F, 1.50, ~, yes]\n\"ü\": \"\\u00e9\\n\"\n")
            expect(try box.anyclaude("config", "dump", "a.yaml"), exits: 0, output: "{\"b\":1,\"a\":[\"x\",31,1.5,null,\"yes\"],\"ü\":\"é\\n\"}\n")
            expect(
                try box.anyclaude("config", "dump", "--format", "canonical", "a.yaml"), exits: 0,
                output: "{\"a\":[\"x\",31,1.5,null,\"yes\"],\"b\":1,\"ü\":\"é\\n\"}\n")
            expect(try box.anyclaude("config", "dump", "--format", "json", "-f", "a.yaml"), exits: 0, saying: "{\"b\":1")
            expect(try box.anyclaude("config", "dump", "--check", "a.yaml"), exits: 0, output: "")
        }

        @Test func oneLineADocument() throws {
            let box = try Sandbox()
            let text = "---\na: 1\n---\n- b\n---\n...\n"
            expect(try box.anyclaude("config", "dump", "-", input: text), exits: 0, output: "{\"a\":1}\n[\"b\"]\nnull\n")
            expect(try box.anyclaude("config", "dump", input: text), exits: 0, output: "{\"a\":1}\n[\"b\"]\nnull\n")
            // No document is no value, and no fault.
            expect(try box.anyclaude("config", "dump", "-", input: "# nothing\n"), exits: 0, output: "")
        }

        @Test func whatItIsReadAs() throws {
            let box = try Sandbox()
            try box.write("a.json", "{\"a\": 1,}")
            try box.write("a.txt", "{\"a\": 1,}")
            expect(try box.anyclaude("config", "dump", "a.json"), exits: 1, output: "", saying: "AC0202", "a.json:1:8")
            expect(try box.anyclaude("config", "dump", "--syntax", "yaml", "a.json"), exits: 0, output: "{\"a\":1}\n")
            expect(try box.anyclaude("config", "dump", "--syntax", "json", "a.txt"), exits: 1, output: "", saying: "AC0202")
            expect(try box.anyclaude("config", "dump", "--syntax", "either", "a.txt"), exits: 0, output: "{\"a\":1}\n")
            expect(try box.anyclaude("config", "dump", "--syntax", "toml", "a.txt"), exits: 64, output: "", saying: "--syntax")
        }

        @Test func duplicateKeys() throws {
            let box = try Sandbox()
            try box.write("a.yaml", "a: 1\nb:\n  c: 2\n  c: 3\na: 4\n")
            let refused = try box.anyclaude("config", "dump", "a.yaml")
            expect(refused, exits: 1, output: "", saying: "AC0302", "a.yaml:4:3", "a.yaml:5:1", "2 errors")
            expect(try box.anyclaude("config", "dump", "--allow-duplicate-keys", "a.yaml"), exits: 0, output: "{\"a\":4,\"b\":{\"c\":3}}\n")
        }

        @Test func limits() throws {
            let box = try Sandbox()
            let list = "[1, 2, 3]\n"
            expect(try box.anyclaude("config", "dump", "--max-bytes", "10", "-", input: list), exits: 0, output: "[1,2,3]\n")
            expect(try box.anyclaude("config", "dump", "--max-bytes", "9", "-", input: list), exits: 78, output: "", saying: "larger than 9 bytes")
            expect(try box.anyclaude("config", "dump", "--max-nodes", "4", "-", input: list), exits: 0, output: "[1,2,3]\n")
            expect(try box.anyclaude("config", "dump", "--max-nodes", "3", "-", input: list), exits: 1, output: "", saying: "AC0120", "<stdin>:1")
            expect(try box.anyclaude("config", "dump", "--max-depth", "2", "-", input: "[[1]]"), exits: 0, output: "[[1]]\n")
            expect(
                try box.anyclaude("config", "dump", "--max-depth", "1", "-", input: "[[1]]"), exits: 1, output: "", saying: "AC0111", "<stdin>:1:2")
            expect(try box.anyclaude("config", "dump", "--max-depth", "0", "-", input: ""), exits: 64, output: "", saying: "--max-depth 0")
        }

        @Test func faultsHavePlacesAndNoValues() throws {
            let box = try Sandbox()
            try box.write("a.yaml", "a: 1\n---\nb: [1\n")
            expect(try box.anyclaude("config", "dump", "a.yaml"), exits: 1, output: "", saying: "AC0106", "a.yaml:")
            expect(try box.anyclaude("config", "dump", "none.yaml"), exits: 66, output: "", saying: "none.yaml: no such file", "hint")
            expect(try box.anyclaude("config", "dump", "."), exits: 66, output: "", saying: "not a regular file")
            let plain = try box.anyclaude("config", "dump", "a.yaml", environment: ["TERM": "xterm-256color"])
            #expect(!plain.errors.contains("\u{1B}"), "colours without a terminal")
        }
    }
}
