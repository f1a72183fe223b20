import JSON

/// How fast a checkpoint runs on this machine, without server or tokenizer: the figures of one run mean something beside those of another in
/// the same minute only.
public struct Benchmark {
    public let model: LanguageModel
    let repeats: Int
    let clock = ContinuousClock()

    /// Prompts are computed in so many tokens at a time.
    static let chunk = 512
    static let longPrompt = 3000
    private static let depths = [64, 512, 3000]
    private static let decodedTokens = 16

    /// - Parameter repeats: of which the best counts.
    public init(model directory: String, threads: Int?, instructionSet: InstructionSet?, repeats: Int) throws(RuntimeError) {
        model = try LanguageModel(directory: directory, threads: threads, instructionSet: instructionSet)
        self.repeats = max(repeats, 1)
    }

    /// Tokens a second, and seconds: `prefill_512`, `prefill_3000`, `decode_at_64`, `decode_at_512`, `decode_at_3000`, `two_streams` (the sum of
    /// two against one, at 512); `active_bytes_at_*`, which a token reads, `read_bytes_per_second_at_*` of memory when nothing else is done, and
    /// `decode_of_read_at_*`, the rate of the first against the second: 1 is the limit; `second_stream_first_token_seconds` and `one_chunk_seconds`, of a short prompt that comes while one of 3000 tokens is
    /// computed; `lookup`, how many times as fast an answer is that copies its prompt where tokens are proposed (`lookup_with`, `lookup_without`);
    /// and of the store what `StoreTimes` says.
    ///
    /// - Parameter progress: what is measured next.
    public func run(_ parts: Set<Part> = Set(Part.allCases), progress: (String) -> Void) async throws -> JSON {
        var result = JSONObject()
        if parts.contains(.model) { try measureModel(&result, progress) }
        if parts.contains(.streams) {
            progress("a second stream beside a long prompt")
            let second = try await secondStream()
            result["second_stream_first_token_seconds"] = .rounded(second.firstToken)
            result["one_chunk_seconds"] = .rounded(second.chunk)
        }
        if parts.contains(.lookup) {
            progress("an answer that copies its prompt")
            let copied = try await lookup()
            result["lookup_without"] = .rounded(copied.without)
            result["lookup_with"] = .rounded(copied.with)
            result["lookup"] = .rounded(copied.with / copied.without)
        }
        if parts.contains(.store) {
            progress("the store")
            let store = try await storeTimes()
            result["restore_seconds"] = .rounded(store.restore)
            result["first_token_seconds"] = .rounded(store.withStore)
            result["first_token_without_store_seconds"] = .rounded(store.withoutStore)
            result["first_token_after_restart_seconds"] = .rounded(store.restart)
            result["follow_up_seconds"] = .rounded(store.followUp)
            result["follow_up_after_restart_seconds"] = .rounded(store.followUpAfterRestart)
        }
        return .object(result)
    }

    /// What is measured: the model alone, two streams of the engine, proposed tokens, the KV store.
    public enum Part: String, Sendable, CaseIterable { case model, streams, lookup, store }

    private func measureModel(_ result: inout JSONObject, _ progress: (String) -> Void) throws(RuntimeError) {
        let pass = ForwardPass(model)
        let sequence = try Sequence(model, capacity: Self.longPrompt + 64)
        let other = try Sequence(model, capacity: 1024)
        try sequence.compute(64, pass)
        progress("a prompt of \(Self.chunk) tokens")
        result["prefill_512"] = .rate(
            Self.chunk,
            try best { () throws(RuntimeError) in
                sequence.length = 0
                try sequence.compute(Self.chunk, pass)
            })
        for depth in Self.depths {
            progress("an answer at \(depth) tokens")
            sequence.length = 0
            let seconds = try seconds { () throws(RuntimeError) in try sequence.compute(depth, pass) }
            if depth == Self.longPrompt { result["prefill_3000"] = .rate(depth, seconds) }
            var one = Double.infinity
            var read = 0.0
            // In turn: memory is shared with neighbours, and its rate changes within seconds.
            for _ in 0..<repeats {
                read = max(read, try readRate())
                one = min(
                    one,
                    try self.seconds { () throws(RuntimeError) in
                        sequence.length = depth
                        for _ in 0..<Self.decodedTokens { try sequence.compute(1, pass) }
                    })
            }
            result["decode_at_\(depth)"] = .rate(Self.decodedTokens, one)
            result["active_bytes_at_\(depth)"] = .integer(model.activeBytes(depth: depth))
            result["read_bytes_per_second_at_\(depth)"] = .integer(Int(read))
            result["decode_of_read_at_\(depth)"] = .rounded(Double(model.activeBytes(depth: depth) * Self.decodedTokens) / one / read)
            guard depth == 512 else { continue }
            progress("two answers at once")
            try other.compute(depth, pass)
            let two = try best { () throws(RuntimeError) in
                sequence.length = depth
                other.length = depth
                for _ in 0..<Self.decodedTokens { try Sequence.computeOne(each: [sequence, other], pass) }
            }
            result["two_streams"] = .rounded(2 * one / two)
        }
    }

    func best(_ work: () throws(RuntimeError) -> Void) throws(RuntimeError) -> Double {
        var best = Double.infinity
        for _ in 0..<repeats { best = min(best, try seconds(work)) }
        return best
    }

    func seconds(_ work: () throws(RuntimeError) -> Void) throws(RuntimeError) -> Double {
        let start = clock.now
        try work()
        return (clock.now - start).seconds
    }
}

extension JSON {
    fileprivate static func rounded(_ value: Double) -> JSON { .double((value * 1000).rounded() / 1000) }
    fileprivate static func rate(_ count: Int, _ seconds: Double) -> JSON { .rounded(Double(count) / seconds) }
}
