import JSON
import Testing

@testable import anyclaude

struct LineDiffTests {
    private let plain = Style(isColored: false)

    @Test func theDifferenceLeadsFromOneTextToTheOther() {
        var generator = SystemRandomNumberGenerator()
        func text() -> String {
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in "abc".randomElement().map(String.init) ?? "" }.joined(separator: "\n")
        }
        for _ in 0..<300 {
            let (old, new) = (text(), text())
            let lines = LineDiff.lines(old, new)
            func side(_ keeps: (LineDiff.Line) -> Substring?) -> String { lines.compactMap(keeps).joined(separator: "\n") }
            #expect(
                side {
                    switch $0 {
                    case .same(let line), .gone(let line): line
                    case .new: nil
                    }
                } == old)
            #expect(
                side {
                    switch $0 {
                    case .same(let line), .new(let line): line
                    case .gone: nil
                    }
                } == new)
        }
    }

    @Test func onlyTheSurroundingsOfChangesAreShown() {
        let old = (1...20).map(String.init).joined(separator: "\n")
        let new = old.replacing("10", with: "ten")
        #expect(LineDiff.text(old, new, context: 1, style: plain) == ["  …", "  9", "- 10", "+ ten", "  11"])
        #expect(LineDiff.text(old, old, style: plain).isEmpty)
        #expect(LineDiff.text("a\u{1B}[31m", "", style: plain).contains("- a\u{B7}[31m"))
    }

    @Test func quantisationsOfMLXAreToldApart() throws {
        func of(_ text: String) throws -> String? { ModelSearch.quantization(try JSON(parsing: text)) }
        #expect(try of("{}") == nil)
        #expect(try of(#"{"quantization":{"bits":4,"group_size":64},"quantization_config":{"bits":4}}"#) == "mlx")
        #expect(try of(#"{"quantization":{"bits":6}}"#) == "mlx-affine-6")
        #expect(try of(#"{"quantization":{"bits":4,"mode":"mxfp4"}}"#) == "mlx-mxfp4-4")
        #expect(try of(#"{"quantization_config":{"quant_method":"awq","bits":4}}"#) == "awq")
    }
}
