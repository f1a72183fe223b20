import JSON
import LaunchPlan
import Testing

@testable import anyclaude

@Suite struct BenchTests {
    @Test func sizes() {
        #expect(BenchCommand.sizes("512,4k,16K") == [512, 4096, 16384])
        for wrong in ["", "4k,", "k", "-1k", "15", "1.5k", "99999999999999999999k", "9999999999999999k"] {
            #expect(BenchCommand.sizes(wrong) == nil, "\(wrong)")
        }
    }

    /// A tokenizer of which nobody knows how it cuts: `template` tokens, then so many for each byte.
    private static func sizer(template: Int, perByte: Double, asked: @escaping () -> Void = {}) -> PromptSizer {
        PromptSizer {
            asked()
            return template + Int(Double($0.utf8.count) * perByte)
        } text: {
            BenchPrompt.notes(words: $0, seed: 7)
        }
    }

    @Test(arguments: [(0, 0.1), (30, 0.25), (900, 0.3), (5, 1.7)], [1024, 4096, 16384])
    func promptsAreSizedByCounting(tokenizer: (template: Int, perByte: Double), wanted: Int) throws {
        var questions = 0
        let found = try #require(
            try Self.sizer(template: tokenizer.template, perByte: tokenizer.perByte) { questions += 1 }.find(wanted))
        #expect(found.tokens <= wanted && found.tokens >= wanted * 96 / 100, "\(found.tokens)")
        #expect(questions <= 8)
    }

    @Test func nobodyCounts() throws {
        #expect(try PromptSizer(count: { _ in nil }, text: { _ in "" }).find(100) == nil)
        // Whoever says the same number of each prompt is not asked for ever longer ones.
        var longest = 0
        let same = PromptSizer {
            longest = max(longest, $0.utf8.count)
            return 12
        } text: {
            BenchPrompt.notes(words: $0, seed: 1)
        }
        #expect(try same.find(100)?.tokens == 12 && longest < 4000)
        // A template that is longer than what was wanted.
        #expect(try Self.sizer(template: 500, perByte: 0.2).find(100)?.words == 1)
    }

    @Test func textsGrowAtTheirEnd() {
        let (short, long) = (BenchPrompt.notes(words: 24, seed: 3), BenchPrompt.notes(words: 600, seed: 3))
        #expect(long.hasPrefix(short) && short != BenchPrompt.notes(words: 24, seed: 4))
    }

    private static func row(_ step: BenchReport.Step, size: Int = 1024, ms: Int, first: Int? = 100) -> BenchReport.Row {
        .init(size: size, step: step, promptTokens: 1000, cachedTokens: 200, answerTokens: 11, firstWordMs: first, totalMs: ms)
    }

    @Test func ratesAreOfWhatWasComputed() {
        let row = Self.row(.first, ms: 1100)
        #expect(row.promptRate == 8000 && row.answerRate == 10)
        #expect(Self.row(.first, ms: 9, first: nil).promptRate == nil)
    }

    @Test func theVerdictIsOfTheWorst() {
        var report = BenchReport(backend: "b", model: "m")
        #expect(!report.holds)
        report.rows = [Self.row(.first, ms: 59_000), Self.row(.followUp, ms: 4000), Self.row(.afterRestart, size: 4096, ms: 5000)]
        #expect(report.holds)
        report.rows.append(Self.row(.afterRestart, size: 16384, ms: 5001))
        #expect(!report.holds && report.json["verdict"]?[1]?["worst_ms"]?.intValue == 5001)
        let text = report.lines(Style(isColored: false)).joined(separator: "\n")
        #expect(text.contains("✔ first request within 1m00s: at most 59.0s at 1k, first"))
        #expect(text.contains("✘ follow-up within 5.00s: 5.00s at 16k, after restart"))
    }

    @Test func anIDThatLeadsToABackend() {
        func backend(_ name: String, _ model: String?) -> ProxySettings.Backend {
            .init(name: name, api: .openai, dialect: "generic", target: .url(base: "http://x/v1"), model: model)
        }
        let all = [backend("a", "m-a"), backend("b", "m-b"), backend("c", nil)]
        let settings = ProxySettings(
            backends: all, defaultBackend: "a", routes: [.init(model: "m-b", to: "b")],
            directories: .init(cache: .absolute("/c"), logs: .absolute("/l")))
        #expect(all.map { settings.modelID(reaching: $0) } == ["m-a", "m-b", "claude-local-c"])
        #expect(settings.backendNamed(by: "claude-local-c")?.name == "c" && settings.backendNamed(by: "claude-local-nobody")?.name == "a")
    }
}
