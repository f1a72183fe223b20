import Testing

@testable import InferenceRuntime

struct StepPlanTests {
    let plan = StepPlan(EngineSettings(prefillChunk: 512, sharedStepSeconds: 0.25, loneStepSeconds: 0.5))

    @Test func promptsShareAStepFairly() {
        #expect(StepPlan.share([1000, 10], budget: 64) == [54, 10])
        #expect(StepPlan.share([100, 100, 100], budget: 100) == [34, 33, 33])
        #expect(StepPlan.share([5, 0, 3], budget: 100) == [5, 0, 3])
        #expect(StepPlan.share([], budget: 10).isEmpty)
        #expect(StepPlan.share(Array(repeating: 9, count: 5), budget: 3) == [1, 1, 1, 0, 0])
    }

    @Test(
        arguments: [
            // Tokens a second, whether others run or wait, seconds that are over, tokens.
            (nil, false, 0, 64), (nil, true, 0, 64),
            (400, false, 0, 200), (400, true, 0, 100), (400, true, 0.125, 50), (400, true, 0.25, 32), (400, true, 9, 32),
            (100_000, false, 0, 512), (100_000, true, 0, 512),
            (1, false, 0, 32), (1, true, 0, 32),
        ] as [(Double?, Bool, Double, Int)])
    func aStepHasWhatItsTimeAllows(_ rate: Double?, _ isShared: Bool, _ spent: Double, _ tokens: Int) {
        #expect(plan.budget(rate: rate, isShared: isShared, spent: spent) == tokens)
    }

    @Test func aSmallChunkIsTheMost() {
        let small = StepPlan(EngineSettings(prefillChunk: 20))
        for rate in [nil, 1, 1e9, .infinity] as [Double?] { #expect(small.budget(rate: rate, isShared: true) == 20) }
        #expect(StepPlan(EngineSettings(prefillChunk: 0)).budget(rate: 5, isShared: true) == 1)
        let endless = StepPlan(EngineSettings(sharedStepSeconds: .infinity, loneStepSeconds: .infinity))
        #expect(endless.budget(rate: 1, isShared: true) == 512)
    }

    @Test func theRateFollowsWhatIsMeasured() {
        var rate = PromptRate()
        rate.note(tokens: 15, seconds: 1)
        rate.note(tokens: 100, seconds: 0)
        #expect(rate.tokensPerSecond == nil)
        rate.note(tokens: 100, seconds: 0.25)
        #expect(rate.tokensPerSecond == 400)
        // Ten seconds in which the machine did something else, and back.
        rate.note(tokens: 100, seconds: 10)
        #expect(plan.budget(rate: rate.tokensPerSecond, isShared: true) == 32)
        for _ in 0..<8 { rate.note(tokens: 100, seconds: 0.25) }
        #expect((rate.tokensPerSecond ?? 0) > 340)
    }

    /// What a step takes whatever is in it is part of the rate, and the chunk that fits the time is found all the same.
    @Test func chunksComeToTheTimeThatTheyMayTake() {
        var rate = PromptRate()
        var seconds = 0.0
        for _ in 0..<20 {
            let tokens = plan.budget(rate: rate.tokensPerSecond, isShared: true)
            seconds = 0.03 + Double(tokens) / 600
            rate.note(tokens: tokens, seconds: seconds)
        }
        #expect(abs(seconds - 0.25) < 0.01)
    }
}
