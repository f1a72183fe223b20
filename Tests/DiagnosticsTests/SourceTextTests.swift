import Diagnostics
import Testing

@Suite struct SourceTextTests {
    /// The place of every byte, counted from the line's start, in texts that are longer than what is counted at once.
    @Test(arguments: ["x", "é", "日本", "💥a", "ab\ncd💥", "\u{FEFF}é", "a\r\nb\r"])
    func placesAreCountedFromTheLine(unit: String) {
        let text = String(repeating: unit, count: 9000 / unit.utf8.count)
        let source = SourceText(path: "x", bytes: Array(text.utf8))
        var line = 1
        var column = 1
        var units = 0
        var offset = 0
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if previous == "\n" || (previous == "\r" && scalar != "\n") { (line, column, units) = (line + 1, 1, 0) }
            // A byte order mark at the start is no column.
            let isMark = offset == 0 && scalar == "\u{FEFF}"
            #expect(source.position(of: offset) == SourcePosition(line: line, column: column, utf16: units))
            if !isMark { (column, units) = (column + 1, units + UTF16.width(scalar)) }
            offset += UTF8.width(scalar)
            previous = scalar
        }
    }

    /// Whatever the order in which secrets are found, and however they overlap, what is shown is the same.
    @Test func masksHideTheSameInAnyOrder() {
        let text = "a: 0123456789 b: 0123456789 c: 0123456789"
        let ranges = [3..<6, 5..<9, 9..<10, 17..<18, 31..<34, 32..<33, 33..<41]
        func shown(_ ranges: [Range<Int>]) -> String {
            var sources = SourceMap()
            let file = sources.add(path: "x", bytes: Array(text.utf8))
            for range in ranges { sources.mask(SourceSpan(file, range)) }
            return TextRenderer(color: false).render([Diagnostic(.unknownKey, "m", at: SourceSpan(file, 0..<1))], sources)
        }
        let expected = "a: *******789 b: *123456789 c: **********"
        #expect(shown(ranges).contains(expected))
        #expect(shown(ranges.reversed()) == shown(ranges))
        #expect(shown([31..<41, 3..<10, 17..<18]) == shown(ranges))
        var sources = SourceMap()
        let file = sources.add(path: "x", bytes: Array(text.utf8))
        sources.mask(ranges.map { SourceSpan(file, $0) })
        #expect(TextRenderer(color: false).render([Diagnostic(.unknownKey, "m", at: SourceSpan(file, 0..<1))], sources) == shown(ranges))
    }
}
