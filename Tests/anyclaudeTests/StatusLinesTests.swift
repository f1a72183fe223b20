import Control
import Testing

@testable import anyclaude

@Suite struct StatusLinesTests {
    @Test func aRisingPerCentHasALineForEachQuarter() {
        var lines = StatusLines()
        let told = (0...100).filter { lines.isWorthALine("loading the weights: \($0) %", of: "w", in: .starting) }
        #expect(told == [0, 25, 50, 75, 100])
    }

    @Test func whatIsNewHasALine() {
        var lines = StatusLines()
        let told: [(message: String, service: String, state: ServiceState, isTold: Bool)] = [
            ("reading /model", "w", .starting, true),
            // What is done, and how far it is already.
            ("download: 3%", "w", .starting, true), ("download: 4%", "w", .starting, false),
            ("download: 4%", "v", .starting, true), ("unpacking: 4%", "w", .starting, true),
            ("unpacking: 5%", "w", .ready, true), ("unpacking: 6%", "w", .ready, false),
            // Without a per cent nothing is held back.
            ("starting the engine", "w", .ready, true), ("starting the engine", "w", .ready, true),
            // Begun again.
            ("unpacking: 1%", "w", .ready, true),
        ]
        for it in told {
            let isTold = lines.isWorthALine(it.message, of: it.service, in: it.state)
            #expect(isTold == it.isTold, "\(it)")
        }
    }

    @Test(arguments: [
        ("loading 40 %", 40, "loading %"), ("40% of 3 files", 40, "% of 3 files"), ("100%", 100, "%"), ("step 2: 7 % done", 7, "step 2: % done"),
    ])
    func theNumberBeforeTheSign(message: String, percent: Int, text: String) throws {
        let found = try #require(StatusLines.percent(in: message))
        #expect(found.percent == percent && found.text == text)
    }

    @Test(arguments: ["", "%", " %", "a %", "250 %", "99999999999999999999999 %", "40"])
    func noPerCent(message: String) { #expect(StatusLines.percent(in: message) == nil) }
}
