import Diagnostics
import Testing

@Suite struct PolicyTests {
    private let diagnostics = [Diagnostic(.unusedKey, "a"), Diagnostic(.yesNoWord, "b"), Diagnostic(.unknownKey, "c")]

    @Test func deniedWarningsAreErrorsAndAllowedOnesAreGone() throws {
        let policy = try DiagnosticPolicy(deny: ["AC0703", "ac0301"], allow: ["AC0801"])
        let result = policy.apply(to: diagnostics)
        #expect(result.map(\.code) == [.unusedKey, .unknownKey])
        #expect(result.map(\.severity) == [.error, .error])
        #expect(result[0].notes == ["an error because of `--deny AC0703`"] && result[1].notes.isEmpty)
        #expect(DiagnosticPolicy().apply(to: diagnostics) == diagnostics)
        var grave = Diagnostic(.yesNoWord, "graver than usual")
        grave.severity = .error
        #expect(policy.apply(to: [grave]) == [grave])
    }

    @Test func whatCannotBeFollowedIsRefused() {
        func refusal(_ deny: [String], _ allow: [String]) -> DiagnosticPolicy.Refusal? {
            do throws(DiagnosticPolicy.Refusal) {
                _ = try DiagnosticPolicy(deny: deny, allow: allow)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal([], ["AC0301"]) == .isError(.unknownKey))
        #expect(refusal(["AC703"], []) == .unknown("AC703", nearest: .unusedKey))
        #expect(refusal([], ["AC0730"]) == .unknown("AC0730", nearest: .unusedKey))
        #expect(refusal(["", "x"], []) == .unknown("", nearest: nil))
        #expect(refusal(["AC0703"], ["AC0703"]) == .contradiction(.unusedKey))
        #expect(refusal([], ["AC0301"])?.message.contains("cannot be allowed") == true)
    }

    @Test func everyCodeBelongsToAStage() {
        for code in DiagnosticCode.allCases { #expect(code.rawValue.dropFirst(2).hasPrefix(code.stage.rawValue), "\(code.rawValue)") }
        for code in DiagnosticCode.allCases where code.page.severity < .error { #expect(code.explanation.contains("anyclaude: allow"), "\(code)") }
    }
}

@Suite struct SafeFixTests {
    private let file = FileID(0)

    private func diagnostic(_ range: Range<Int>, _ text: String, _ applicability: Fix.Applicability = .safe) -> Diagnostic {
        Diagnostic(.wrongType, "m", at: SourceSpan(file, range), fixes: [Fix("d", applicability, edits: [.init(SourceSpan(file, range), text)])])
    }

    @Test func onlySafeFixesThatDoNotTouchAreApplied() {
        let fixes = SafeFixes(
            [
                diagnostic(6..<7, "G"), diagnostic(0..<2, "AB"), diagnostic(1..<3, "overlaps"), diagnostic(2..<2, "touches"),
                diagnostic(4..<5, "suggested", .suggestion), diagnostic(5..<5, "filled in", .placeholder), diagnostic(8..<8, "!"),
                Diagnostic(.wrongType, "m", fixes: [Fix("in words", .safe)]),
                Diagnostic(.wrongType, "m", fixes: [Fix("of another file", .safe, edits: [.init(SourceSpan(FileID(1), 3..<4), "x")])]),
            ], in: file)
        #expect(String(decoding: fixes.applied(to: Array("abcdefgh".utf8)), as: UTF8.self) == "ABcdefGh!")
        #expect(fixes.changes.map(\.span.start) == [0, 6, 8])
    }

    @Test func fixesThatUndoEachOtherEnd() {
        var rounds = 0
        let repair = Repair(Array("a".utf8)) { bytes in
            rounds += 1
            var sources = SourceMap()
            _ = sources.add(path: "f", bytes: bytes)
            return Findings(path: "f", diagnostics: [diagnostic(0..<1, bytes == Array("a".utf8) ? "b" : "a")], sources: sources)
        }
        #expect(rounds == 2)
        #expect(repair.bytes == Array("b".utf8) && repair.changes.map(\.lines) == [.init(before: "a", after: "b")])
    }

    @Test func aLineWithASecretIsNotShown() {
        let repair = Repair(Array("k: sk-1 x".utf8)) { bytes in
            var sources = SourceMap()
            let id = sources.add(path: "f", bytes: bytes)
            if bytes.last == UInt8(ascii: "x") { sources.mask(SourceSpan(id, 3..<7)) }
            return Findings(path: "f", diagnostics: bytes.last == UInt8(ascii: "x") ? [diagnostic(8..<9, "y")] : [], sources: sources)
        }
        #expect(repair.changes.map(\.lines) == [nil] && repair.changes[0].place == "f:1:9")
    }
}
