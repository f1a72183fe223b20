import ConfigCompiler
import Diagnostics
import FoundationEssentials
import Testing

@Suite struct FormatterTests {
    private func format(_ text: String, name: String = "x.yaml") -> String? {
        guard case .text(let bytes) = Formatter.format(SourceFile(path: name, bytes: Array(text.utf8))) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Texts and their form.
    private static let pairs: [(String, String)] = [
        ("a:   1\nb :  2", "a: 1\nb: 2\n"), ("a:\n    b:\n          c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n"),
        ("a:\n- 1\n-   2\nb: 3", "a:\n  - 1\n  - 2\nb: 3\n"), ("- a: 1\n  b: 2\n-   c: 3\n    d: 4", "- a: 1\n  b: 2\n- c: 3\n  d: 4\n"),
        ("- - 1\n  - 2\n-    -  3\n     -  4", "- - 1\n  - 2\n- - 3\n  - 4\n"), ("a: {b: 1,c:   [ 1,2 , 3 ],  }", "a: { b: 1, c: [1, 2, 3], }\n"),
        ("a: { }\nb: [ ]\n", "a: {}\nb: []\n"), ("{\"a\":1,\"b\":{\"c\":[]}}", "{ \"a\": 1, \"b\": { \"c\": [] } }\n"),
        ("{\n\"a\":1,\n\"b\":{\n\"c\":[\n1\n]\n}\n}\n", "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1\n    ]\n  }\n}\n"),
        ("k: {\n a: 1\n }\nl: [\n 1,\n  2]\n", "k: {\n  a: 1\n  }\nl: [\n  1,\n  2]\n"),
        ("\u{FEFF}a: 1   \r\n\r\n\r\n\r\nb: 2\r\n\r\n", "a: 1\n\nb: 2\n"), ("\n\n\na: 1\n", "a: 1\n"), ("", ""),
        ("# only this  \n\n", "# only this\n"),
        // Comments go with what follows them, or stay with what they stand under.
        (
            "# top\na: # one\n      # in a\n   b: 1    # two\n   # end of a\n# before c\nc: 1 #x",
            "# top\na: # one\n  # in a\n  b: 1  # two\n  # end of a\n# before c\nc: 1 #x\n"
        ),
        ("a:\n    # b: 1\nc: 1\n", "a:\n  # b: 1\nc: 1\n"), ("a:\n# at the margin\n    b: 1\n", "a:\n  # at the margin\n  b: 1\n"),
        ("a:\n- 1\n# of the list\n- 2\n# of b\nb: 1\n", "a:\n  - 1\n  # of the list\n  - 2\n# of b\nb: 1\n"),
        ("a: [ # first\n  1, # one\n  # two\n  2 ]\n", "a: [ # first\n  1, # one\n  # two\n  2]\n"),
        // Texts on several lines.
        ("a: |\n      one\n        two\n\n      three\n\n\n\nb: >-\n   x\n\n   y\n", "a: |\n  one\n    two\n\n  three\n\nb: >-\n  x\n\n  y\n"),
        ("a: |+\n  x\n\n\nb: 1", "a: |+\n  x\n\n\nb: 1\n"), ("a:\n   b: |2 # head\n       x\n     y\n", "a:\n  b: |2 # head\n      x\n    y\n"),
        ("a: |\n  x", "a: |\n  x"), ("a: |-\n  x", "a: |-\n  x\n"), ("- |\n x\n # not text\n", "- |\n  x\n  # not text\n"),
        ("- |\n  x\n # not text\n", "- |\n  x\n# not text\n"),
        ("a: one\n      two\n\n  three\nb: \"x \\\n     y  \n   z\"\n", "a: one\n  two\n\n  three\nb: \"x \\\n  y\n  z\"\n"),
        ("a: \"one\\ \n  two\"", "a: \"one\\ \n  two\"\n"),
        // Properties, keys that are announced, several documents.
        ("a: &x   !!str  b\nc:   *x\n*x :  d", "a: &x !!str b\nc: *x\n*x : d\n"),
        ("a: &x\n     b: 1\nc:\n - *x\n - &y\n   d: 1", "a: &x\n  b: 1\nc:\n  - *x\n  - &y\n    d: 1\n"),
        ("?   a\n:   b\n? c\n:  - d\n   - e\n", "? a\n: b\n? c\n: - d\n  - e\n"), ("{? a : b, c : d}", "{ ? a : b, c: d }\n"),
        ("%YAML 1.2\n---   # doc\n  a: 1\n...\n--- \n- b", "%YAML 1.2\n---  # doc\na: 1\n...\n---\n- b\n"),
        ("--- >\n folded\n text\n", "--- >\n  folded\n  text\n"),
        ("a:\n     long text\n     on lines\n", "a:\n  long text\n  on lines\n"), ("a: [*x , b]", ""),
    ]

    @Test func textsHaveTheirForm() {
        for (text, form) in Self.pairs.dropLast() {
            let result = format(text)
            #expect(result == form, "\(text)\n--\n\(result ?? "nil")")
        }
        #expect(format("a: [*x , b]") == nil)
    }

    @Test func jsonIsIndented() {
        let text = "\u{FEFF}{\"b\":1.50e+3 ,\"a\" : [ ],\"c\":[1,\"x, \\\"{y\\u0041\"],\"d\":{},\"e\":[{\"f\":null}]}"
        let form = """
            {
              "b": 1.50e+3,
              "a": [],
              "c": [
                1,
                "x, \\"{y\\u0041"
              ],
              "d": {},
              "e": [
                {
                  "f": null
                }
              ]
            }

            """
        #expect(format(text, name: "x.json") == form)
        #expect(format(text, name: ".anyclauderc") == form)
        #expect(format(form, name: "x.json") == form)
    }

    @Test func aTextThatCannotBeReadIsRefusedWithItsFindings() {
        for (text, name) in [("a: [", "x.yaml"), ("{\"a\": 1,}", "x.json"), ("a: 1\n\tb: 2", "x.yaml")] {
            guard case .unreadable(let findings) = Formatter.format(SourceFile(path: name, bytes: Array(text.utf8))) else {
                Issue.record("\(text) was taken")
                continue
            }
            #expect(findings.diagnostics.hasErrors)
        }
    }

    @Test func aTextThatCannotBeReadIsShownWithoutItsSecrets() {
        for text in [
            "w: { baseUrl: \"http://me:hunter2pass@host/v1\" ]", "w: { x: 1 ] # token=hunter2pass",
        ] {
            guard case .unreadable(let findings) = Formatter.format(SourceFile(path: "x.yaml", bytes: Array(text.utf8))) else {
                Issue.record("\(text) was taken")
                continue
            }
            #expect(!TextRenderer(color: false).render(Report([findings])).contains("hunter2pass"), "\(text)")
        }
    }

    /// Faults of meaning are no matter of form: a key twice, a tag that nobody knows.
    @Test func whatCanBeReadIsFormatted() {
        #expect(format("a:  1\na:  2\n") == "a: 1\na: 2\n")
        #expect(format("a:   !mine  x\n") == "a: !mine x\n")
    }

    /// Nothing is looked for from the start of a line again and again.
    @Test(.timeLimit(.minutes(1))) func oneLongLineCostsWhatItsLengthIs() {
        let text = "a: [" + String(repeating: "{x:  1},", count: 15_000) + "]\n"
        let form = "a: [" + [String](repeating: "{ x: 1 }", count: 15_000).joined(separator: ", ") + ",]\n"
        #expect(format(text) == form)
    }

    /// A finished text has the values and comments that it had and is its own form, whatever it is.
    @Test func everyFixtureKeepsWhatItSays() throws {
        var count = 0
        for folder in ["valid", "invalid"] {
            for name in try Fixtures.names(in: folder) where !name.hasSuffix(".txt") {
                try expectPromise(SourceFile(path: name, bytes: try Fixtures.bytes("\(folder)/\(name)")), &count)
            }
        }
        #expect(count > 40)
    }

    @Test(.enabled(if: Fixtures.shared != nil, "needs ANYCLAUDE_SHARED")) func everyTextOfTheSuitesKeepsWhatItSays() throws {
        var count = 0
        for (folder, ending) in [("yaml-test-suite", "in.yaml"), ("json-test-suite/test_parsing", ".json")] {
            let root = URL(fileURLWithPath: try #require(Fixtures.shared)).appendingPathComponent("data/\(folder)")
            for path in try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted() where path.hasSuffix(ending) {
                let bytes = [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
                try expectPromise(SourceFile(path: path, bytes: bytes), &count)
            }
        }
        #expect(count > 340)
    }

    private func expectPromise(_ file: SourceFile, _ count: inout Int) throws {
        switch Formatter.format(file) {
        case .unreadable(let findings): #expect(findings.diagnostics.hasErrors)
        case .leftAlone(let reason): Issue.record("\(file.path): \(reason)\n\(String(decoding: file.bytes, as: UTF8.self))")
        case .text(let text):
            count += 1
            let form = SourceFile(path: file.path, bytes: text)
            #expect(said(form) == said(file), "\(file.path)")
            #expect(SyntaxDump.dump(form, allowDuplicateKeys: true).values == SyntaxDump.dump(file, allowDuplicateKeys: true).values, "\(file.path)")
            guard case .text(let again) = Formatter.format(form) else {
                Issue.record("\(file.path): the form cannot be read")
                return
            }
            #expect(again == text, "\(file.path)")
            #expect(!String(decoding: text, as: UTF8.self).contains("\r") || file.path.hasSuffix(".json"), "\(file.path)")
        }
    }

    /// Everything but white space, comments included.
    private func said(_ file: SourceFile) -> [UInt8] {
        let bytes = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? file.bytes.dropFirst(3) : file.bytes[...]
        return bytes.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }
}
