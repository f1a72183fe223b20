import Testing

@testable import Diagnostics

@Suite struct SecretTextTests {
    private func report(_ bytes: String, mask: Range<Int>, _ message: String, edit: String = "x") -> (diagnostics: [Diagnostic], sources: SourceMap) {
        var sources = SourceMap()
        let file = sources.add(path: "f", bytes: Array(bytes.utf8))
        sources.mask(SourceSpan(file, mask))
        let span = SourceSpan(file, bytes.utf8.count..<bytes.utf8.count)
        let fix = Fix(message, .safe, edits: [.init(span, edit)])
        let diagnostic = Diagnostic(
            .wrongType, message, at: span, label: message, secondary: [.init(span, message)], notes: [message], fixes: [fix], path: "/a/\(message)")
        return ([diagnostic].withoutSecrets(of: sources), sources)
    }

    @Test(arguments: ["a `canary-7f3a91c2` b", "canary-7f3a91c2", "canary-7f3a9 is cut off", "twice canary-7f3a91c2canary-7f3a91c2"])
    func messagesDoNotRepeatWhatIsMasked(message: String) throws {
        let (diagnostics, sources) = report("key: 'canary-7f3a91c2' ", mask: 5..<22, message)
        let diagnostic = try #require(diagnostics.first)
        let texts = [
            diagnostic.message, diagnostic.label, diagnostic.notes[0], diagnostic.secondary[0].label, diagnostic.fixes[0].description,
            diagnostic.path ?? "",
        ]
        for text in texts { #expect(!text.contains("canary-7f3a9") && text.contains("***"), "\(text)") }
        #expect(!JSONRenderer().render(Report([Findings(path: "f", diagnostics: diagnostics, sources: sources)])).text.contains("canary"))
    }

    @Test func escapedSecretsAreKnownByWhatTheyMean() {
        let bytes = "key: \"canary\\u002d7f3a91c2\""
        #expect(report(bytes, mask: 5..<bytes.utf8.count, "`canary-7f3a91c2`").diagnostics[0].message == "`***`")
    }

    @Test(arguments: ["&k ", "!!str ", "&k !t\t", ""])
    func anchorsAndTagsAreNoPartOfIt(before: String) {
        let bytes = "key: \(before)\"canary\\u002d7f3a91c2\""
        #expect(report(bytes, mask: 5..<bytes.utf8.count, "`canary-7f3a91c2`").diagnostics[0].message == "`***`")
    }

    @Test func shortWordsStay() {
        #expect(report("key: port ", mask: 5..<9, "`port` is wrong").diagnostics[0].message == "`port` is wrong")
    }

    @Test func editsWithASecretAreNotShown() {
        let (diagnostics, sources) = report("key: canary-7f3a91c2 ", mask: 5..<20, "quote it", edit: "\"canary-7f3a91c2\"")
        #expect(diagnostics[0].fixes[0].shownEdits(sources).isEmpty)
        #expect(!TextRenderer(color: false).render(diagnostics, sources).contains("canary"))
        // The fix itself is whole.
        #expect(diagnostics[0].fixes[0].edits[0].text.contains("canary"))
    }
}
