import JSON
import LaunchPlan
import Testing

private let gib = 1 << 30

@Suite struct MemoryAdmissionTests {
    private func native(_ name: String, weights: Int = 8 * gib, context: Int = gib, contexts: Int = 8, limit: Int? = nil) -> MemoryShare {
        .native(name, weights: weights, contextBytes: context, contextTokens: 8192, contexts: contexts, overhead: gib / 2, limit: limit)
    }

    private func admission(_ shares: [MemoryShare], doubled: Set<String> = [], allowed: Int = 22 * gib) -> MemoryAdmission {
        MemoryAdmission(shares, doubled: doubled, allowedBytes: allowed, bound: .budget)
    }

    @Test func aWorkerNeedsOneContextAndTakesAsManyAsItComputesTogether() {
        let one = admission([native("a")])
        #expect(one.neededBytes == 9 * gib + gib / 2)
        #expect(one.mostBytes == 16 * gib + gib / 2)
        #expect(one.replacementBytes == one.neededBytes)
        #expect(one.findings(replaced: []).isEmpty)
    }

    @Test func aWorkerKeepsToItsLimitAndToTheBudget() {
        #expect(admission([native("a", limit: 12 * gib)]).mostBytes == 12 * gib)
        #expect(admission([native("a")], allowed: 10 * gib).mostBytes == 10 * gib)
        #expect(admission([native("a")], allowed: 12 * gib).shares[0].contextsHeld == 3)
        #expect(admission([native("a")]).shares[0].contextsHeld == 8)
        let tooSmall = admission([native("a", limit: 9 * gib)]).findings(replaced: [])
        #expect(tooSmall.map(\.finding.severity) == [.error])
        #expect(
            tooSmall.first?.finding.message
                == "the model needs 9.5 GiB (weights 8 GiB, one context of 8192 tokens 1 GiB, overhead 512 MiB); 9 GiB are allowed")
    }

    @Test func allWorkersAreAddedUp() throws {
        let two = admission([native("a"), native("b", weights: 14 * gib)])
        #expect(two.neededBytes == 25 * gib)
        let found = two.findings(replaced: [])
        #expect(found.count == 1)
        let first = try #require(found.first)
        #expect(first.service == "b", "at the one that needs most")
        #expect(first.finding.severity == .error)
        #expect(first.finding.message == "the services need together 25 GiB (a 9.5 GiB, b 15.5 GiB); `budget.memory` is 22 GiB")
        #expect(first.finding.hint?.contains("budget.memory") == true)
    }

    @Test func overlapCountsTwice() throws {
        let twice = admission([native("a", weights: 12 * gib)], doubled: ["a"])
        #expect(twice.replacementBytes == 27 * gib)
        #expect(twice.findings(replaced: []).map(\.finding.severity) == [.warning], "it fits now, and would not be exchanged")
        let now = try #require(twice.findings(replaced: ["a"]).first)
        #expect(now.finding.severity == .error)
        #expect(now.finding.message == "while `a` is replaced by overlap, 27 GiB are needed; `budget.memory` is 22 GiB")
        #expect(admission([native("a")], doubled: ["a"]).findings(replaced: ["a"]).isEmpty)
    }

    @Test func whatAllTakeAtMostIsOnlyWarnedOf() {
        let found = admission([native("a"), native("b")]).findings(replaced: [])
        #expect(found.map(\.finding.severity) == [.warning])
        #expect(found.first?.finding.message == "with all contexts in use, up to 33 GiB are taken; `budget.memory` is 22 GiB")
    }

    @Test func otherProgramsAreCountedByWhatIsKnown() {
        func foreign(_ weights: Int?, _ context: Int?, isWindowSet: Bool = true, contexts: Int = 1, limit: Int? = nil) -> MemoryShare {
            .foreign(
                "x", weights: weights, contextBytes: context, contextTokens: 4096, isWindowSet: isWindowSet, contexts: contexts, limit: limit,
                unknown: "its model is not on this disk")
        }
        #expect(foreign(gib, gib).neededBytes == 2 * gib)
        #expect(foreign(gib, gib, isWindowSet: false).neededBytes == gib, "a window that nobody asked for need not be filled")
        #expect(foreign(gib, gib, contexts: 11).mostBytes == 12 * gib)
        #expect(foreign(gib, gib, limit: 3 * gib).neededBytes == 3 * gib, "what the file says counts")
        #expect(foreign(nil, nil).neededBytes == nil)
        #expect(foreign(nil, nil).unknown == "its model is not on this disk")
        #expect(foreign(nil, nil).sumText == "not known: its model is not on this disk")
        #expect(!admission([foreign(nil, nil), native("a")]).isComplete)
        #expect(admission([foreign(nil, nil)]).findings(replaced: []).isEmpty)
        #expect(admission([foreign(4 * gib, nil, limit: gib)]).findings(replaced: []).map(\.finding.severity) == [.warning])
    }

    /// Whatever a plan or a file says, the sums are numbers, and what is needed is never more than what is taken at most.
    @Test func sumsNeverOverflow() {
        let numbers = [0, 1, gib, .max / 2, .max]
        for weights in numbers {
            for context in numbers {
                for contexts in [0, 1, 8, Int.max] {
                    let shares = [
                        native("a", weights: weights, context: context, contexts: contexts),
                        native("b", weights: weights, context: context, contexts: contexts, limit: gib),
                    ]
                    let sum = admission(shares, doubled: ["a", "b"])
                    #expect(sum.neededBytes >= 0 && sum.mostBytes >= sum.neededBytes && sum.replacementBytes >= sum.neededBytes)
                    _ = sum.findings(replaced: ["a"])
                }
            }
        }
    }

    @Test func itIsReadAsItWasWritten() throws {
        let sum = admission([native("a"), native("b", limit: 12 * gib)], doubled: ["a"])
        #expect(try JSON(parsing: JSON(encoding: sum).bytes).decode(MemoryAdmission.self) == sum)
        let report = PreflightReport(
            results: [.init(service: "a", key: "k", check: "c", findings: [.init(.warning, "w"), .init(.error, "e", hint: "h")])], memory: sum)
        #expect(try JSON(parsing: JSON(encoding: report).bytes).decode(PreflightReport.self) == report)
        #expect(!report.holds)
        #expect(report.results[0].severity == .error)
        #expect(report.findings.map(\.finding.message) == ["e", "w"])
        #expect(report.summary == "0 of 1 checks hold, 1 error, 1 warning")
    }

    @Test func bytesForPeople() {
        #expect(
            [0, 1023, 1024, 1025, gib - 1, gib, gib + 1, 9 * gib + gib / 2].map(ByteText.text) == [
                "0 B", "1023 B", "1 KiB", "1.1 KiB", "1024 MiB", "1 GiB", "1.1 GiB", "9.5 GiB",
            ])
        #expect(ByteText.text(.max) == "8192 PiB")
    }

    /// A plan of an earlier version has no `reading`.
    @Test func checksOfEarlierPlansAreStillRead() throws {
        let text = #"{"service":"w","key":"k","requirement":{"memory":{"model":{"root":"config","path":"m"},"contextTokens":1,"slots":1}}}"#
        let old = try JSON(parsing: text).decode(PreflightCheck.self)
        #expect(old.requirement == .memory(model: .rooted(.config, "m"), contextTokens: 1, slots: 1, limitBytes: nil, reading: nil))
    }

    /// Three that are exchanged by overlap, of which this apply exchanges one.
    @Test func onlyWhatThisApplyExchangesMustFitTwice() {
        let services = ["a", "b", "c"]
        let shares = services.map { native($0) }
        let need = admission(shares).neededBytes
        let room = admission(shares, doubled: Set(services), allowed: need + need / 3)
        #expect(room.findings(replaced: ["a"]).map(\.finding.severity) == [.warning, .warning])
        let tight = admission(shares, doubled: Set(services), allowed: need + need / 3 - 1)
        let found = tight.findings(replaced: ["a"])
        #expect(found.first?.service == "a" && found.first?.finding.severity == .error)
        #expect(found.first?.finding.message.contains("`b`") == false)
    }
}
