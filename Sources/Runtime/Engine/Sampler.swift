import CKernels

/// Chooses a request's tokens, one after the other.
struct Sampler {
    private let sampling: Sampling
    private let logprobs: Int?
    private var random: RandomNumbers
    private var mask: (any TokenMask)?
    private let promptTokens: Set<Int32>
    /// How often the answer has each token.
    private var counts: [Int32: Int] = [:]

    enum Choice {
        case token(GeneratedToken)
        /// The mask leaves nothing.
        case nothingAllowed
        /// No logit is a number that could win.
        case notANumber
    }

    init(_ request: GenerationRequest, seed: UInt64) {
        sampling = request.sampling
        logprobs = request.logprobs
        random = RandomNumbers(seed: seed)
        mask = request.mask
        promptTokens = request.sampling.repetitionPenalty == 1 ? [] : Set(request.prompt)
    }

    /// Chooses by `logits`, which it may change.
    mutating func choose(_ logits: UnsafeMutableBufferPointer<Float>) -> Choice {
        guard let base = logits.baseAddress else { return .notANumber }
        let raw = logprobs.map { Logprobs(UnsafeBufferPointer(logits), alternatives: $0) }
        if let allowed = mask?.allowedTokens() {
            if allowed.isEmpty { return .nothingAllowed }
            allowed.maskOut(logits)
        }
        adjust(logits)
        let best = Int(ck_argmax(base, Int64(logits.count)))
        guard logits[best] > -.infinity, logits[best] < .infinity else { return .notANumber }
        var chosen = Int32(best)
        if sampling.temperature > 0 {
            let candidates = Candidates(UnsafeBufferPointer(logits), top: logits[best], sampling: sampling)
            guard let drawn = candidates.draw(at: random.unit()) else { return .notANumber }
            chosen = drawn
        }
        mask?.advance(by: chosen)
        counts[chosen, default: 0] += 1
        return .token(raw?.token(chosen) ?? GeneratedToken(id: chosen))
    }

    /// Whether the mask lets nothing follow.
    var isComplete: Bool { mask?.isComplete ?? false }

    private func adjust(_ logits: UnsafeMutableBufferPointer<Float>) {
        for (id, bias) in sampling.logitBias where logits.indices.contains(Int(id)) { logits[Int(id)] += bias }
        if sampling.repetitionPenalty != 1 {
            for id in promptTokens.union(counts.keys) where logits.indices.contains(Int(id)) {
                let logit = logits[Int(id)]
                logits[Int(id)] = logit > 0 ? logit / sampling.repetitionPenalty : logit * sampling.repetitionPenalty
            }
        }
        if sampling.presencePenalty != 0 || sampling.frequencyPenalty != 0 {
            for (id, count) in counts { logits[Int(id)] -= sampling.presencePenalty + Float(count) * sampling.frequencyPenalty }
        }
    }
}

/// Log-probabilities of the model itself.
private struct Logprobs {
    private let all: [Float]
    private let logSum: Float
    private let top: [TokenLogprob]

    init(_ logits: UnsafeBufferPointer<Float>, alternatives: Int) {
        let logSum = ck_log_sum_exp(logits.baseAddress, Int64(logits.count))
        self.logSum = logSum
        top = Candidates.largest(alternatives, logits).map { TokenLogprob(id: $0.id, logprob: $0.logit - logSum) }
        all = Array(logits)
    }

    func token(_ id: Int32) -> GeneratedToken { GeneratedToken(id: id, logprob: all[Int(id)] - logSum, alternatives: top) }
}
