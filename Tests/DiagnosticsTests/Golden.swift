import FoundationEssentials
import Testing

/// Files of `Tests/Fixtures/diagnostics`; ANYCLAUDE_RECORD in the environment writes them.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "Fixtures/diagnostics")

    static func expect(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let url = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["ANYCLAUDE_RECORD"] != nil { try Data(text.utf8).write(to: url) }
        let golden = try? String(contentsOf: url, encoding: .utf8)
        #expect(golden != nil, "\(name) is missing: run with ANYCLAUDE_RECORD=1", sourceLocation: sourceLocation)
        #expect(text == golden ?? "", "\(name) differs", sourceLocation: sourceLocation)
    }
}
