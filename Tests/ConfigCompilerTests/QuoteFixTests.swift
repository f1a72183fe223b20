import ConfigCompiler
import Diagnostics
import Testing

/// Quotes are put around a text without asking only where nothing else can be meant.
@Suite struct QuoteFixTests {
    private func firstFix(_ text: String) -> Fix? { compile(text).diagnostics.first?.fixes.first }

    private func repaired(_ text: String) -> String {
        let repair = Repair(Array(text.utf8)) { bytes in
            let result = compile(String(decoding: bytes, as: UTF8.self))
            return Findings(path: "test.yaml", diagnostics: result.diagnostics, sources: result.sources)
        }
        return String(decoding: repair.bytes, as: UTF8.self)
    }

    /// A bracket that is open on another line makes several texts of one line, a bracket that is missing may.
    @Test(arguments: [
        "backend: w\nbackends:\n  w: { kind: vllm-mlx, engine: command, command: [\n    ./serve, @model, --verbose\n  ] }\n",
        "include: [\n *.yaml, b.yaml\n]\nbackend: claude\n", "include: [ *.yaml, b.yaml ]\nbackend: claude\n",
        "include: [\n *.yaml\n]\nbackend: claude\n", "backend: claude\ninclude: *.yaml, b.yaml\n", "backend: claude\ninclude: *.yaml]\n",
        // A key, or a text with a colon.
        "backend: claude\nbackends:\n  claude:\n    @home: x\n", "backend: claude\npythonVenv: @home: x\n",
        // What stands before a text belongs to it, or does not.
        "backend: claude\nbackends: {}\npythonVenv: &home a: b\n", "backend: claude\nbackends: {}\npythonVenv: 'a: b': c\n",
    ])
    func aTextThatMayBeSeveralIsLeftToAPerson(text: String) throws {
        let fix = try #require(firstFix(text))
        #expect(fix.applicability == .suggestion)
        #expect(repaired(text) == text)
    }

    @Test func insideBracketsTheTextEndsWithItsElement() throws {
        let fix = try #require(firstFix("include: [\n @a b, c # d\n]\nbackend: claude\n"))
        #expect(fix.edits.map(\.text) == ["\"@a b\""])
        #expect(try #require(firstFix("include: [@a]\nbackend: claude\n")).edits.map(\.text) == ["\"@a\""])
    }

    @Test(arguments: [
        ("description: @home\t# note", "description: \"@home\"\t# note"), ("description: @home # note", "description: \"@home\" # note"),
        ("description: a: b\t# note", "description: \"a: b\"\t# note"), ("description:  \ta: b", "description:  \t\"a: b\""),
        ("description: a [b - @c]: d", "description: \"a [b - @c]: d\""),
    ])
    func whiteSpaceAndCommentsStayOutside(old: String, new: String) throws {
        let head = "backend: claude\nbackends:\n  claude:\n    "
        let fix = try #require(firstFix(head + old + "\n"))
        #expect(edits(fix, head + old) == head + new)
    }

    private func edits(_ fix: Fix, _ text: String) -> String {
        let bytes = Array(text.utf8)
        guard let edit = fix.edits.first else { return text }
        return String(decoding: bytes[..<edit.span.start] + Array(edit.text.utf8) + bytes[edit.span.end...], as: UTF8.self)
    }

    /// libyaml refuses the tab, whatever follows it.
    @Test(arguments: ["- \t./serve", "-\t./serve", "-  \t@x"])
    func aTabIsNoPartOfAText(line: String) throws {
        let found = try #require(compile("backend: w\nbackends:\n  w:\n    kind: vllm-mlx\n    command:\n      \(line)\n").diagnostics.first)
        #expect(found.code == .tabIndentation)
        #expect(found.fixes.allSatisfy { $0.applicability == .suggestion && $0.edits.allSatisfy { $0.text.allSatisfy { $0 == " " } } })
    }
}
