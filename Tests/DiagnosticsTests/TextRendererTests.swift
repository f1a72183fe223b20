import Diagnostics
import Testing

@Suite struct TextRendererTests {
    private func render(_ text: String, _ make: (FileID) -> Diagnostic, width: Int? = nil, color: Bool = false, mask: Range<Int>? = nil) -> String {
        var sources = SourceMap()
        let file = sources.add(path: "f.yaml", bytes: Array(text.utf8))
        if let mask { sources.mask(SourceSpan(file, mask)) }
        return TextRenderer(color: color, width: width).render([make(file)], sources)
    }

    private func frame(_ output: String) -> [Substring] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast(3).map { $0 } }

    @Test func twoPlacesAreLabelledWithoutOverlap() {
        let output = render("a: { port: 1, port: 2 }\n") { file in
            Diagnostic(.duplicateKey, "twice", at: SourceSpan(file, 14..<18), label: "again", secondary: [.init(SourceSpan(file, 5..<9), "first")])
        }
        #expect(
            frame(output) == [
                "error[AC0302]: twice", " --> f.yaml:1:15", "  |", "1 | a: { port: 1, port: 2 }", "  |      ----     ^^^^ again", "  |      |",
                "  |      first",
            ])
    }

    @Test func tabsAndWideCharactersKeepTheMarkInItsColumn() {
        let output = render("\ta: \"日本\" x\n") { file in Diagnostic(.yamlSyntax, "here", at: SourceSpan(file, 13..<14), label: "x") }
        #expect(frame(output)[3...].elementsEqual(["1 |     a: \"日本\" x", "  |               ^ x"]))
    }

    @Test func controlCharactersAreMadeVisible() {
        let output = render("a\u{1B}[31mb\u{202E}c\n") { file in Diagnostic(.yamlSyntax, "here", at: SourceSpan(file, 0..<1)) }
        #expect(!output.contains("\u{1B}"))
        #expect(!output.contains("\u{202E}"))
        #expect(output.contains("a␛[31mb\u{FFFD}c"))
    }

    @Test func secretsAreMaskedInFramesAndFixes() {
        let text = "key: hunter2\n"
        let output = render(
            text,
            { file in
                Diagnostic(
                    .literalSecret, "secret", at: SourceSpan(file, 5..<12),
                    fixes: [Fix("rename", .safe, edits: [.init(SourceSpan(file, 0..<3), "apiKey")])])
            }, mask: 5..<12)
        #expect(!output.contains("hunter"))
        #expect(output.contains("key: *******"))
    }

    @Test func aFixOfSeveralEditsIsShownOnItsLine() {
        let output = render("a: 日: 1 x\n") { file in
            Diagnostic(
                .unknownKey, "m",
                fixes: [Fix("nest", .safe, edits: [.init(SourceSpan(file, 0..<1), "b: { a"), .init(SourceSpan(file, 9..<9), " }")])])
        }
        #expect(output.contains("help: nest (safe)\n  |\n1 | b: { a: 日: 1 } x\n  | ~~~~~~       ~~\n"))
    }

    @Test func linesBetweenAreShownOrLeftOut() {
        let text = (1...9).map { "k\($0): v\n" }.joined()
        func output(_ line: Int) -> String {
            render(text) { file in
                Diagnostic(
                    .yamlSyntax, "x", at: SourceSpan(file, 0..<2), label: "a",
                    secondary: [.init(SourceSpan(file, (line - 1) * 6..<(line - 1) * 6 + 2), "b")])
            }
        }
        #expect(!output(2).contains("..."))
        #expect(output(3).contains("2 | k2: v"))
        #expect(output(9).contains("\n...\n"))
    }

    @Test func aLongLineIsCutAroundTheMark() {
        let text = String(repeating: "x", count: 5000) + "HERE" + String(repeating: "y", count: 5000)
        let output = render(text, { file in Diagnostic(.yamlSyntax, "x", at: SourceSpan(file, 5000..<5004)) }, width: 80)
        #expect(output.contains("HERE"))
        #expect(output.split(separator: "\n").allSatisfy { $0.count <= 81 })
    }

    @Test func aWindowThatCutsAWideCharacterKeepsItsColumns() {
        let text = String(repeating: "日", count: 100) + "HERE" + String(repeating: "本", count: 100)
        let output = render(text, { file in Diagnostic(.yamlSyntax, "x", at: SourceSpan(file, 300..<304)) }, width: 41).split(separator: "\n")
        let width = { (line: Substring) in line.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2000 ? 2 : 1) } }
        let start = output[3].firstRange(of: "HERE")?.lowerBound ?? output[3].endIndex
        let mark = output[4].firstIndex(of: "^") ?? output[4].endIndex
        #expect(width(output[3][..<start]) == width(output[4][..<mark]))
    }

    @Test func marksThatCombineTakeNoColumn() {
        let output = render("e\u{301}\u{200B}x: y\n") { file in Diagnostic(.yamlSyntax, "x", at: SourceSpan(file, 6..<7), label: "x") }
        #expect(frame(output)[4] == "  |  ^ x")
    }

    @Test func colourOnlyWhereItIsAsked() {
        let make = { (file: FileID) in Diagnostic(.yamlSyntax, "x", at: SourceSpan(file, 0..<1)) }
        #expect(!render("a", make).contains("\u{1B}"))
        #expect(render("a", make, color: true).contains("\u{1B}[1;31m"))
    }

    @Test func placesAtTheEndOfATextAreShown() {
        #expect(render("", { Diagnostic(.emptyFile, "x", at: SourceSpan($0, 0..<0)) }).contains("^"))
        #expect(render("a: [\n", { Diagnostic(.emptyFile, "x", at: SourceSpan($0, 5..<5)) }).contains("f.yaml:2:1"))
    }
}

@Suite struct DiagnosticTests {
    @Test func everyCodeHasAPage() {
        for code in DiagnosticCode.allCases {
            #expect(Catalogue.pages[code] != nil, "\(code.rawValue)")
            #expect(!code.page.title.isEmpty && code.page.text.count > 40, "\(code.rawValue)")
            #expect(code.rawValue.count == 6 && code.rawValue.hasPrefix("AC"))
        }
        #expect(Set(DiagnosticCode.allCases.map(\.rawValue)).count == DiagnosticCode.allCases.count)
    }

    @Test func reportsAreInTheOrderOfTheFileAndWithoutRepeats() {
        var sources = SourceMap()
        let file = sources.add(path: "f", bytes: [])
        let late = Diagnostic(.unknownKey, "late", at: SourceSpan(file, 9..<10))
        let early = Diagnostic(.wrongType, "early", at: SourceSpan(file, 1..<2))
        let placeless = Diagnostic(.badOverride, "none")
        #expect([late, early, placeless, late].sortedForReport() == [placeless, early, late])
    }

    @Test func positionsCountScalarsAndUTF16() {
        let text = SourceText(path: "f", bytes: Array("a\r\nb😀é\rc\n".utf8))
        #expect(text.lineStarts.count == 4)
        #expect(text.position(of: 10) == SourcePosition(line: 2, column: 4, utf16: 4))
        #expect(text.position(of: 99).line == 4)
        #expect(SourceText(path: "f", bytes: Array("\u{FEFF}a".utf8)).position(of: 3) == SourcePosition(line: 1, column: 1, utf16: 0))
    }

    @Test func documentsForProgramsHaveAVersion() {
        var sources = SourceMap()
        let file = sources.add(path: "f", bytes: Array("a: b".utf8))
        let diagnostic = Diagnostic(
            .unknownKey, "m", at: SourceSpan(file, 0..<1), label: "l", fixes: [Fix("d", .safe, edits: [.init(SourceSpan(file, 0..<1), "b")])])
        let value = JSONRenderer().render(Report([Findings(path: "f", diagnostics: [diagnostic], sources: sources)]))
        #expect(value["format"] == "anyclaude.diagnostics")
        #expect(value["format_version"] == "1.1")
        #expect(value["summary"]?["errors"] == 1)
        #expect(value["diagnostics"]?[0]?["primary"]?["start"]?["column"] == 1)
        #expect(value["diagnostics"]?[0]?["fixes"]?[0]?["edits"]?[0]?["byte_end"] == 1)
    }
}
