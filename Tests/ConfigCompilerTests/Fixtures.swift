import ConfigCompiler
import Diagnostics
import FoundationEssentials
import JSON
import LaunchPlan
import Testing

/// Files of `Tests/Fixtures/config`.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "Fixtures/config")
    /// With it in the environment, golden files are written instead of compared.
    static let isRecording = ProcessInfo.processInfo.environment["ANYCLAUDE_RECORD"] != nil
    static let shared = ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"]

    static func names(in subfolder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(subfolder).path).sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(path))) }

    /// Compares with a golden file; a missing one is a failure that says how to make it.
    static func expectGolden(_ text: String, _ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let url = folder.appendingPathComponent(path)
        if isRecording { try Data(text.utf8).write(to: url) }
        let golden = try? String(contentsOf: url, encoding: .utf8)
        #expect(golden != nil, "\(path) is missing: run with ANYCLAUDE_RECORD=1", sourceLocation: sourceLocation)
        #expect(text == golden ?? "", "\(path) differs", sourceLocation: sourceLocation)
    }
}

/// Compiles a text.
func compile(_ text: String, name: String = "test.yaml", flags: [Override] = [], environment: [String: String] = [:]) -> Compilation {
    Compiler.compile(
        CompilerInput(file: SourceFile(path: name, bytes: Array(text.utf8)), overrides: Overrides(flags: flags, environment: environment)))
}

/// The plan of a text that has no fault.
func plan(_ text: String, name: String = "test.yaml", flags: [Override] = [], environment: [String: String] = [:]) throws -> LaunchPlan {
    let result = compile(text, name: name, flags: flags, environment: environment)
    return try #require(result.plan, "\(TextRenderer(color: false).render(result.diagnostics, result.sources))")
}

func codes(_ text: String, name: String = "test.yaml", flags: [Override] = [], environment: [String: String] = [:]) -> [DiagnosticCode] {
    compile(text, name: name, flags: flags, environment: environment).diagnostics.map(\.code)
}

/// A code point that stands for no character: the compiler of Swift takes none in a literal.
func noncharacter(_ value: UInt32) -> String { Unicode.Scalar(value).map { String(Character($0)) } ?? "" }
