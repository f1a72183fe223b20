import FoundationEssentials
import JSON
import Testing

@testable import Messages

/// What each dialect makes of one rich request: `Tests/Fixtures/dialects/<dialect>.json`, made from `request.json` there.
@Suite struct DialectGoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/dialects")

    @Test(arguments: BackendDialect.all.map(\.name)) func aRichRequest(name: String) throws {
        let dialect = try #require(BackendDialect(named: name))
        let json = try JSON(parsing: Array(Data(contentsOf: Self.folder.appendingPathComponent("request.json"))))
        let request = try MessagesRequest(json)
        let body = try RequestTranslationTests.body(request, dialect, inline: true)
        let file = Self.folder.appendingPathComponent("\(name).json")
        let text = JSON.object(body).prettyText + "\n"
        if ProcessInfo.processInfo.environment["ANYCLAUDE_RECORD"] != nil { try Data(text.utf8).write(to: file) }
        let golden = try? String(contentsOf: file, encoding: .utf8)
        #expect(golden != nil, "\(name).json is missing: run with ANYCLAUDE_RECORD=1")
        #expect(text == golden ?? "", "\(name).json differs")
    }
}
