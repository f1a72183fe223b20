import FoundationEssentials
import JSON
import SchemaValidation
import Testing

@testable import Diagnostics

@Suite struct ReportRendererTests {
    private let report = SampleReport.report

    @Test func everyFormatHasItsGoldenOutput() throws {
        let outputs = [
            "report.txt": TextRenderer(color: false).render(report), "report.json": JSONRenderer().render(report).prettyText + "\n",
            "report.github": GitHubRenderer().render(report), "report.sarif": SARIFRenderer(version: "1.2.3").render(report).prettyText + "\n",
            "report.xml": JUnitRenderer().render(report),
        ]
        for (name, text) in outputs {
            #expect(!text.contains("canary"), "\(name)")
            try Golden.expect(text, name)
        }
    }

    @Test func nothingFoundIsQuietForPeopleAndADocumentForPrograms() {
        let report = Report([Findings(path: "a", diagnostics: [])])
        #expect(TextRenderer(color: false).render(report).isEmpty)
        #expect(GitHubRenderer().render(report).isEmpty)
        #expect(JSONRenderer().render(report)["summary"]?["files"] == 1)
        #expect(SARIFRenderer(version: "1").render(report)["runs"]?[0]?["results"] == [])
        #expect(JUnitRenderer().render(report).contains("failures=\"0\" errors=\"0\""))
    }

    @Test func peopleSeeOneHundredAndTheCountOfTheRest() {
        var sources = SourceMap()
        let file = sources.add(path: "f", bytes: Array("x".utf8))
        var diagnostics = (0..<150).map { Diagnostic(.withoutEffect, "number \($0)", at: SourceSpan(file, 0..<1)) }
        diagnostics.append(Diagnostic(.wrongType, "the error", at: SourceSpan(file, 0..<1)))
        let report = Report([Findings(path: "f", diagnostics: diagnostics, sources: sources), Findings(path: "g", diagnostics: [])])
        let text = TextRenderer(color: false).render(report)
        #expect(text.contains("number 99\n") && !text.contains("number 100\n") && text.contains("… and 51 more"))
        #expect(text.contains("1 error, 150 warnings in 1 of 2 files; "))
        let lines = GitHubRenderer().render(report).split(separator: "\n")
        #expect(lines.count == 102)
        #expect(lines[0].hasPrefix("::error "))
        #expect(lines[100] == "… and 51 more" && lines[101].hasPrefix("1 error, 150 warnings in 1 of 2 files; "))
        #expect(JSONRenderer().render(report)["diagnostics"]?.arrayValue?.count == 151)
        #expect(JUnitRenderer().render(report).contains("… and 50 more"))
    }

    @Test func workflowCommandsCannotBeEndedFromInside() {
        #expect(GitHubRenderer.data("100%\r\na\rb\n::error::c") == "100%25%0D%0Aa%0Db%0A::error::c")
        #expect(GitHubRenderer.property("a:b,c%\n") == "a%3Ab%2Cc%25%0A")
    }

    @Test func xmlHoldsAnyText() {
        #expect(JUnitRenderer.data("a<b>&\u{0}\u{1B}\u{FFFF}\r\n") == "a&lt;b&gt;&amp;\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\n")
        #expect(JUnitRenderer.attribute("\"a\"\n\t") == "&quot;a&quot;&#10;&#9;")
    }

    @Test func urisAreEscaped() { #expect(SARIFResult.escaped("a b/ü#?:%.yaml") == "a%20b/%C3%BC%23%3F%3A%25.yaml") }

    /// Results name their rules, regions count from 1, and equal lines have different fingerprints that no line above them changes.
    @Test func sarifHoldsTogether() throws {
        let run = try #require(SARIFRenderer(version: "1").render(report)["runs"]?[0])
        let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
        let results = try #require(run["results"]?.arrayValue)
        #expect(results.count == report.diagnostics.count)
        for result in results {
            #expect(rules[result["ruleIndex"]?.intValue ?? -1]["id"] == result["ruleId"])
            let place = try #require(result["locations"]?[0]?["physicalLocation"])
            #expect(place["artifactLocation"]?["uri"]?.stringValue?.isEmpty == false)
            for (key, value) in place["region"]?.objectValue?.members.map({ ($0.key, $0.value) }) ?? [] {
                #expect(value.intValue ?? 0 >= 1, "\(key)")
            }
        }
        let fingerprints = results.compactMap { $0["partialFingerprints"]?["primaryLocationLineHash"]?.stringValue }
        #expect(Set(fingerprints).count == fingerprints.count)
    }

    private static let schema = ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"].flatMap {
        try? Data(contentsOf: URL(fileURLWithPath: $0 + "/tools/conformance/sarif.schema.json"))
    }

    @Test(.enabled(if: schema != nil, "needs the SARIF schema in ANYCLAUDE_SHARED")) func sarifFollowsItsSchema() throws {
        let schema = SchemaCheck(try JSON(parsing: [UInt8](try #require(Self.schema))))
        #expect(schema.faults(of: SARIFRenderer(version: "1.2.3").render(report)) == [])
        #expect(schema.faults(of: ["version": "2.1.0", "runs": [["results": [["message": 1]]]]]).count >= 2)
    }
}
