import ConfigCompiler
import Diagnostics
import Testing

@Suite struct GoldenDiagnosticsTests {
    /// Codes that no text of a file can give, and why; the first three have golden outputs in `FileFaultTests`.
    private static let elsewhere: [DiagnosticCode: String] = [
        .noFile: "there is no file", .notAFile: "a folder has no text", .fileTooLarge: "a text of more than 1 MiB",
        .unreadableFile: "the system refuses it, and refuses nothing to an administrator, who may run the tests",
        .preflightFailed: "the machine says it, not a text; golden output in PreflightDiagnosticsTests",
        .preflightWarning: "the machine says it, not a text; golden output in PreflightDiagnosticsTests",
        .shadowedFile: "two files in one folder: the command finds them, not the compiler", .internalError: "no input is known that gives it",
    ]

    /// What a bad input needs besides its text.
    private static let overrides: [DiagnosticCode: Overrides] = [
        .badOverride: Overrides(
            flags: [.port("many"), Override(flag: "--set", key: "proxy.prot", value: "1")], environment: ["ANYCLAUDE_MODE": "A b"]),
        .unusedVariable: Overrides(environment: ["MLX_CLUSTER_NODES": "a=http://a:1", "ANYCLAUDE_FILTER_TIER": "auto", "ANYCLAUDE_LOG_FORMAT": ""]),
    ]

    static func inputs() throws -> [String] { try Fixtures.names(in: "invalid").filter { !$0.hasSuffix(".txt") } }

    static func compile(_ name: String, _ bytes: [UInt8]) throws -> Compilation {
        let code = try #require(DiagnosticCode(rawValue: String(name.prefix(6))))
        return Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: bytes), overrides: overrides[code] ?? Overrides()))
    }

    @Test func everyCodeHasABadInputAndAnOutput() throws {
        let names = Set(try Fixtures.names(in: "invalid"))
        for code in DiagnosticCode.allCases {
            let hasInput = ["yaml", "json"].contains { names.contains("\(code.rawValue).\($0)") }
            #expect(hasInput == (Self.elsewhere[code] == nil), "a bad input for \(code.rawValue), or the reason why there is none")
            #expect(!hasInput || names.contains("\(code.rawValue).txt"), "a golden output for \(code.rawValue)")
        }
        for name in names { #expect(DiagnosticCode(rawValue: String(name.prefix(6))) != nil, "\(name) is of no code") }
    }

    @Test func everyBadInputGivesItsGoldenOutput() throws {
        for name in try Self.inputs() {
            let result = try Self.compile(name, try Fixtures.bytes("invalid/\(name)"))
            #expect(result.diagnostics.contains { $0.code.rawValue == name.prefix(6) }, "\(name)")
            #expect(result.hasErrors == (result.plan == nil), "\(name)")
            try Fixtures.expectGolden(TextRenderer(color: false).render(result.diagnostics, result.sources), "invalid/\(name.prefix(6)).txt")
        }
    }

    /// Places are inside the file, and fixes are in the order of the file.
    @Test func everyPlaceIsInsideItsFile() throws {
        for name in try Self.inputs() {
            let bytes = try Fixtures.bytes("invalid/\(name)")
            let result = try Self.compile(name, bytes)
            for diagnostic in result.diagnostics {
                let spans =
                    [diagnostic.primary].compactMap { $0 } + diagnostic.secondary.map(\.span) + diagnostic.fixes.flatMap { $0.edits.map(\.span) }
                #expect(spans.allSatisfy { $0.start <= $0.end && $0.end <= bytes.count }, "\(name) \(diagnostic.code)")
            }
        }
    }

    @Test func everyKeyHasADocumentAndIsExplained() throws {
        #expect(Explanation.allKeys.count > 90)
        for key in Explanation.allKeys { #expect(Explanation.key(key) != nil, "\(key)") }
        #expect(Explanation.key("backends.mine.cache.cache_slots")?.contains("prefixes") == true)
        #expect(Explanation.key("nothing.like.this") == nil)
        #expect(Explanation.code("ac0301") == Explanation.code("AC0301"))
        #expect(Explanation.code("AC0999") == nil)
    }

    @Test func theListHasEveryCodeAndKey() throws {
        let document = Explanation.listDocument
        #expect(document["codes"]?.arrayValue?.count == DiagnosticCode.allCases.count)
        #expect(document["keys"]?.arrayValue?.count == Explanation.allKeys.count)
        for code in DiagnosticCode.allCases { #expect(Explanation.list.contains("\(code.rawValue)  \(code.page.severity)")) }
        for key in Explanation.allKeys { #expect(Explanation.list.contains("\n\(key)\n")) }
        #expect(Explanation.document(of: "ac0301")?["title"] == "unknown key")
        #expect(Explanation.document(of: "proxy.port")?["keys"]?[0]?["default"] == 8788)
        #expect(Explanation.document(of: "nothing") == nil)
        #expect(Explanation.nearest(to: "AC301") == "AC0301")
        #expect(Explanation.nearest(to: "proxy.prot") == "proxy.port")
        #expect(Explanation.nearest(to: "backends.mine.cache.cache_slot") == "backends.*.cache.cache_slots")
        #expect(Explanation.nearest(to: "xylophone") == nil)
    }
}
