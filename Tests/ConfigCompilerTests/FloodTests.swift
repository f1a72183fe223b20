import ConfigCompiler
import Diagnostics
import Testing

/// What comes in floods is said once, or up to a bound: `scripts/hostile.py` measures the time, here is what is said.
@Suite struct FloodTests {
    private func lines(_ count: Int, _ line: (Int) -> String) -> String { (0..<count).map(line).joined() }

    @Test func aCommentWithTooManyCodesIsReadUpToABound() {
        let text = "backend: claude # anyclaude: allow" + lines(2000) { _ in " AC0703" } + "\n"
        let result = compile(text)
        #expect(result.diagnostics.contains { $0.message == "more than 100 codes in one comment" })
        #expect(compile("backend: claude # anyclaude: allow" + lines(5000) { " x\($0)" } + "\n").diagnostics.count < 200)
    }

    @Test func includesBeyondTheBoundAreSaidOnce() {
        for line in ["- 1\n", "- ../x\n", "- test.yaml\n", "- x\n"] {
            let found = compile("include:\n" + lines(1000) { _ in line } + "backend: claude\n").diagnostics
            #expect(found.count { $0.message == "more than 32 files are included" } == 1)
            #expect(found.count < 40)
        }
    }

    @Test func nodesOfAClusterAreBoundedLikeBackends() {
        let text = "backends:\n  mlx-cluster:\n    discovery:\n      nodes:\n" + lines(3000) { "        - {id: n\($0), url: 'http://localhost:1'}\n" }
        #expect(codes(text) == [.tooLarge])
    }

    @Test func aNodeWithTheNameOfABackendIsADuplicate() {
        let nodes =
            "  mlx-cluster: {discovery: {nodes: [{id: a, url: 'http://localhost:1'}, {id: a, url: 'http://localhost:2'}, {id: b, url: 'http://localhost:3'}]}}\n"
        let text = "backend: b\nbackends:\n  b: {kind: claude}\n" + nodes
        #expect(codes(text).filter { $0 == .duplicateKey }.count == 2)
    }

    /// A few aliases of long texts are soon more than any reader should look at.
    @Test func aliasesStandForAsMuchTextAsAFileMayHave() {
        func text(_ count: Int) -> String {
            "backend: claude\nx: &a \(String(repeating: "b", count: 250_000))\ny: [" + lines(count) { _ in "*a, " } + "]\n"
        }
        #expect(!codes(text(4)).contains(.aliasExpansion))
        #expect(codes(text(5)) == [.aliasExpansion])
        // What is in an alias counts each time that it is brought.
        let nested = "backend: claude\nx: &a [\(String(repeating: "b", count: 200_000)), c]\ny: &b { k: *a, l: *a }\nz: [*b, *b]\n"
        #expect(codes(nested) == [.aliasExpansion])
    }

    @Test func routesToNowhereAreAllSaid() {
        let text = "backend: claude\nroutes:\n" + lines(200) { "  - {match: {model: m\($0)}, to: clade\($0)}\n" }
        let found = compile(text).diagnostics
        #expect(found.count { $0.code == .badRouteTarget } == 200)
        #expect(found[0].notes.contains { $0.hasPrefix("declared are") } && found[199].notes.isEmpty)
    }

    @Test func keysThatAreWrittenOtherwiseAreDuplicatesInJSON() {
        for text in ["{\"backend\": \"claude\", \"b\\u0061ckend\": \"claude\"}", "{\"backend\": \"claude\", \"// \u{E9}\": 1, \"// e\u{301}\": 2}"] {
            #expect(codes(text, name: "x.json") == [.duplicateKey])
        }
    }
}
