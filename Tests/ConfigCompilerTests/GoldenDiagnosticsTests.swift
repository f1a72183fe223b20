import ConfigCompiler
import Diagnostics
import Testing

@Suite struct GoldenDiagnosticsTests {
    /// Findings that do not come from the text of a file; each has a test of its own.
    private static let elsewhere: Set<DiagnosticCode> = [
        .noFile, .unreadableFile, .notAFile, .fileTooLarge, .shadowedFile, .badOverride, .internalError,
    ]

    @Test func everyCodeHasABadInput() throws {
        let covered = Set(try Fixtures.names(in: "invalid").filter { !$0.hasSuffix(".txt") }.map { String($0.prefix(6)) })
        for code in DiagnosticCode.allCases where !Self.elsewhere.contains(code) {
            #expect(covered.contains(code.rawValue), "no bad input for \(code.rawValue)")
        }
    }

    @Test func everyBadInputGivesItsGoldenOutput() throws {
        for name in try Fixtures.names(in: "invalid") where !name.hasSuffix(".txt") {
            let result = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: try Fixtures.bytes("invalid/\(name)"))))
            let code = try #require(DiagnosticCode(rawValue: String(name.prefix(6))))
            #expect(result.diagnostics.contains { $0.code == code }, "\(name)")
            #expect(result.hasErrors == (result.plan == nil), "\(name)")
            try Fixtures.expectGolden(TextRenderer(color: false).render(result.diagnostics, result.sources), "invalid/\(name.prefix(6)).txt")
        }
    }

    /// Places are inside the file, and fixes are in the order of the file.
    @Test func everyPlaceIsInsideItsFile() throws {
        for name in try Fixtures.names(in: "invalid") where !name.hasSuffix(".txt") {
            let bytes = try Fixtures.bytes("invalid/\(name)")
            let result = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: bytes)))
            for diagnostic in result.diagnostics {
                let spans =
                    [diagnostic.primary].compactMap { $0 } + diagnostic.secondary.map(\.span) + diagnostic.fixes.flatMap { $0.edits.map(\.span) }
                #expect(spans.allSatisfy { $0.start <= $0.end && $0.end <= bytes.count }, "\(name) \(diagnostic.code)")
            }
        }
    }

    /// A safe fix removes its own cause, and brings nothing new.
    @Test func aSafeFixRemovesItsDiagnostic() throws {
        var tried = 0
        for name in try Fixtures.names(in: "invalid") where !name.hasSuffix(".txt") {
            let bytes = try Fixtures.bytes("invalid/\(name)")
            let before = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: bytes))).diagnostics
            for diagnostic in before {
                for fix in diagnostic.fixes where fix.applicability == .safe {
                    var fixed = bytes
                    for edit in fix.edits.reversed() { fixed.replaceSubrange(edit.span.range, with: Array(edit.text.utf8)) }
                    let after = Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: fixed))).diagnostics
                    let same = after.filter {
                        $0.code == diagnostic.code && $0.message == diagnostic.message && $0.primary?.start == diagnostic.primary?.start
                    }
                    #expect(same.isEmpty, "\(name): \(fix.description)")
                    tried += 1
                }
            }
        }
        #expect(tried > 10)
    }

    @Test func everyKeyHasADocumentAndIsExplained() throws {
        #expect(Explanation.allKeys.count > 90)
        for key in Explanation.allKeys { #expect(Explanation.key(key) != nil, "\(key)") }
        #expect(Explanation.key("backends.mine.cache.cache_slots")?.contains("prefixes") == true)
        #expect(Explanation.key("nothing.like.this") == nil)
        #expect(Explanation.code("ac0301") == Explanation.code("AC0301"))
        #expect(Explanation.code("AC0999") == nil)
    }
}
