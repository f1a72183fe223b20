import Glibc
import Testing

@testable import InferenceRuntime

struct SamplerTests {
    func candidates(_ logits: [Float], _ sampling: Sampling) -> [Candidates.Candidate] {
        logits.withUnsafeBufferPointer { Candidates($0, top: logits.max() ?? 0, sampling: sampling).candidates }
    }

    @Test func topKTakesTheLargestAndTheLowerIdOfEquals() {
        let kept = candidates([1, 3, 2, 3, 0], Sampling(temperature: 1, topK: 3))
        #expect(kept.map(\.id) == [1, 3, 2])
        #expect(candidates([1, -.infinity, 2], Sampling(temperature: 1, topK: 5)).map(\.id) == [2, 0])
    }

    @Test func topPTakesTheSmallestSetThatReachesIt() {
        // Probabilities 0.5, 0.25, 0.125, 0.125.
        let logits: [Float] = [4, 2, 1, 1].map { Float(log(Double($0))) }
        #expect(candidates(logits, Sampling(temperature: 1, topP: 0.49)).map(\.id) == [0])
        #expect(candidates(logits, Sampling(temperature: 1, topP: 0.6)).map(\.id) == [0, 1])
        #expect(candidates(logits, Sampling(temperature: 1, topP: 0.99)).map(\.id) == [0, 1, 2, 3])
        // More of them than the first look takes.
        let flat = [Float](repeating: 0, count: 1000)
        #expect(candidates(flat, Sampling(temperature: 1, topP: 0.5)).count == 500)
    }

    @Test func minPIsAShareOfTheMostLikely() {
        let logits: [Float] = [4, 2, 1, 0.5].map { Float(log(Double($0))) }
        #expect(candidates(logits, Sampling(temperature: 1, minP: 0.24)).map(\.id) == [0, 1, 2])
    }

    @Test func drawsFollowTheWeights() {
        let logits: [Float] = [3, 1].map { Float(log(Double($0))) }
        let kept = logits.withUnsafeBufferPointer { Candidates($0, top: logits[0], sampling: Sampling(temperature: 1)) }
        var random = RandomNumbers(seed: 11)
        let first = (0..<4000).count { _ in kept.draw(at: random.unit()) == 0 }
        #expect(abs(first - 3000) < 120)
    }

    @Test func theGeneratorIsSplitMix64() {
        var random = RandomNumbers(seed: 1_234_567)
        #expect((0..<3).map { _ in random.next() } == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    func greedy(_ logits: [Float], _ sampling: Sampling, prompt: [Int32] = [0], steps: Int = 1) -> [Int32] {
        var sampler = Sampler(GenerationRequest(prompt: prompt, maxTokens: 9, sampling: sampling), seed: 1)
        return (0..<steps).compactMap { _ in
            var copy = logits
            return copy.withUnsafeMutableBufferPointer { buffer in
                if case .token(let token) = sampler.choose(buffer) { token.id } else { nil }
            }
        }
    }

    @Test func penaltiesCount() {
        #expect(greedy([2, 1.5, 1], Sampling(presencePenalty: 0.6), steps: 3) == [0, 1, 0])
        #expect(greedy([2, 1.5, 1], Sampling(frequencyPenalty: 0.3), steps: 3) == [0, 0, 1])
        #expect(greedy([2, 1.5, 1], Sampling(repetitionPenalty: 2), prompt: [0, 1]) == [0])
        #expect(greedy([2, 1.5, 1.2], Sampling(repetitionPenalty: 2), prompt: [0, 1]) == [2])
    }

    @Test func outputThatIsNotANumberIsNotAToken() {
        #expect(greedy([.nan, .nan], Sampling()).isEmpty)
        #expect(greedy([.infinity, 0], Sampling(temperature: 1)).isEmpty)
        #expect(greedy([.nan, 1], Sampling()) == [1])
    }

    @Test func aMaskLeavesItsTokensAlone() {
        for capacity in [0, 1, 63, 64, 65, 130, 200] {
            let set = TokenSet(capacity: capacity, (0..<Int32(capacity)).filter { $0 % 3 == 0 || (64..<128).contains($0) })
            var logits = [Float](repeating: 1, count: 150)
            logits.withUnsafeMutableBufferPointer { set.maskOut($0) }
            for id in logits.indices { #expect(logits[id] == (set.contains(Int32(id)) ? 1 : -.infinity), "\(id) of \(capacity)") }
        }
    }
}
