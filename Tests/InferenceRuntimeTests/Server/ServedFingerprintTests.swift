import Testing

@testable import InferenceRuntime

@Suite struct ServedFingerprintTests {
    @Test func whatDecidesAnAnswerDecidesTheFingerprint() throws {
        let files = try TinyModel()
        let model = try files.load()
        func fingerprint(window: Int = 100) throws -> String { try ServedFingerprint.of(model, directory: files.directory, contextWindow: window) }
        var seen = [try fingerprint()]
        #expect(try fingerprint() == seen[0])
        seen.append(try fingerprint(window: 101))
        for (file, text) in [("tokenizer.json", "{}"), ("generation_config.json", "{}"), ("chat_template.jinja", "a"), ("chat_template.jinja", "b")] {
            try TemporaryDirectory.write(Array(text.utf8), to: files.directory + "/" + file)
            seen.append(try fingerprint())
        }
        seen.append(try ServedFingerprint.of(TinyModel(seed: 2).load(), directory: files.directory, contextWindow: 100))
        #expect(Set(seen).count == seen.count)
    }
}
