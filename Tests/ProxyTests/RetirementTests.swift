import Control
import Testing

@testable import Proxy

@Suite(.timeLimit(.minutes(10))) struct RetirementTests {
    @Test func withoutASuccessorTheTimeIsShort() async throws {
        let retirement = Retirement()
        retirement.hear(.ready)
        try await retirement.wait(limit: .milliseconds(5), longest: .seconds(600))
    }

    @Test func aSuccessorGivesTimeUntilTheSupervisorTakesItAgain() async throws {
        let retirement = Retirement()
        retirement.hear(.stopping)
        let waiting = Task { try await retirement.wait(limit: .milliseconds(5), longest: .seconds(600)) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(!waiting.isCancelled)
        retirement.hear(.stopped)
        try await waiting.value
    }

    @Test func evenTimeEnds() async throws {
        let retirement = Retirement()
        retirement.hear(.stopping)
        try await retirement.wait(limit: .milliseconds(1), longest: .milliseconds(20))
    }

    /// The word and the signal take different ways.
    @Test func aWordThatComesAfterTheSignalCounts() async throws {
        let retirement = Retirement()
        let begin = ContinuousClock.now
        let waiting = Task { try await retirement.wait(limit: .seconds(600), longest: .milliseconds(30)) }
        retirement.hear(.stopping)
        try await waiting.value
        #expect(begin.duration(to: .now) < .seconds(300))
    }
}
