import ConfigCompiler
import Diagnostics
import Testing

@Suite struct RepairTests {
    private func findings(_ name: String, _ bytes: [UInt8]) throws -> Findings {
        let result = try GoldenDiagnosticsTests.compile(name, bytes)
        return Findings(path: name, diagnostics: result.diagnostics, sources: result.sources)
    }

    /// One fix removes its own cause.
    @Test func aSafeFixRemovesItsDiagnostic() throws {
        var tried: Set<DiagnosticCode> = []
        for name in try GoldenDiagnosticsTests.inputs() {
            let bytes = try Fixtures.bytes("invalid/\(name)")
            for diagnostic in try findings(name, bytes).diagnostics {
                let fixes = SafeFixes([diagnostic], in: FileID(0))
                guard !fixes.changes.isEmpty else { continue }
                let after = try findings(name, fixes.applied(to: bytes)).diagnostics
                let same = after.filter {
                    $0.code == diagnostic.code && $0.message == diagnostic.message && $0.primary?.start == diagnostic.primary?.start
                }
                #expect(same.isEmpty, "\(name): \(fixes.changes.map(\.fix.description))")
                tried.insert(diagnostic.code)
            }
        }
        #expect(tried.count >= 9, "\(tried)")
    }

    /// All of them together leave no safe fix, change nothing else, and a second run does nothing.
    @Test func aRepairedFileHasNoSafeFixLeft() throws {
        for name in try GoldenDiagnosticsTests.inputs() {
            let bytes = try Fixtures.bytes("invalid/\(name)")
            let repair = try Repair(bytes) { try findings(name, $0) }
            #expect(SafeFixes(repair.findings.diagnostics, in: FileID(0)).changes.isEmpty, "\(name)")
            #expect(repair.changes.isEmpty == (repair.bytes == bytes), "\(name)")
            let again = try Repair(repair.bytes) { try findings(name, $0) }
            #expect(again.changes.isEmpty, "\(name)")
            // What is no safe fix stays: each line that no change is on is as it was.
            let changed = Set(repair.changes.compactMap { $0.place.split(separator: ":").dropFirst().first.flatMap { Int($0) } })
            let (old, new) = (SourceText(path: "", bytes: bytes), SourceText(path: "", bytes: repair.bytes))
            #expect(old.lineStarts.count == new.lineStarts.count, "\(name)")
            for line in old.lineStarts.indices where !changed.contains(line + 1) {
                #expect(old.bytes[old.lineRange(line)] == new.bytes[new.lineRange(line)], "\(name):\(line + 1)")
            }
        }
    }

    @Test func aFixThatUncoversAnotherIsFollowed() {
        let text = "backend: lmstudio\nbackends:\n  lmstudio:\n    description: one: two\n    enabld: on\n"
        let repair = Repair(Array(text.utf8)) { bytes in
            let result = compile(String(decoding: bytes, as: UTF8.self))
            return Findings(path: "test.yaml", diagnostics: result.diagnostics, sources: result.sources)
        }
        #expect(repair.changes.map(\.code) == [.unquotedColon, .unknownKey, .notABoolean])
        #expect(repair.changes[1].lines == .init(before: "    enabld: on", after: "    enabled: on"))
        #expect(String(decoding: repair.bytes, as: UTF8.self).hasSuffix("description: \"one: two\"\n    enabled: true\n"))
        #expect(repair.findings.diagnostics.isEmpty)
    }

    /// An anchor or a tag belongs to the value's place; a fix of the value alone would lose it, or change what its aliases stand for.
    @Test(arguments: [
        "backend: lmstudio\nbackends: { lmstudio: { enabled: &e yes, model: *e } }",
        "backend: lmstudio\nbackends: { lmstudio: { description: &d \"1\", contextWindow: *d } }",
        "backend: lmstudio\nbackends: { lmstudio: { model: !!int 5 } }", "backend: &b mlx\nbackends: { vllm-mlx: { model: ./m } }",
        "backend: lmstudio\nbackends: { lmstudio: { &k base_url: \"http://x\" } }",
    ])
    func anchorsAndTagsAreNotFixedAway(text: String) {
        let found = compile(text).diagnostics
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.fixes.isEmpty })
    }
}
