import Testing

@testable import InferenceRuntime

struct SplitPatternTests {
    private static func matches(_ pattern: SplitPattern, _ text: [UInt8]) throws -> [Range<Int>] {
        try text.withUnsafeBufferPointer { (buffer) throws(RuntimeError) in try pattern.matches(in: buffer) }
    }

    /// A pattern of exponential backtracking ends in an error, not in a server that hangs.
    @Test(.timeLimit(.minutes(10))) func backtrackingIsBounded() throws {
        let pattern = try SplitPattern("(a+)+$")
        let text = Array((String(repeating: "a", count: 60) + "b").utf8)
        #expect(throws: RuntimeError.self) { try Self.matches(pattern, text) }
    }

    /// Matches must begin and end between characters: whatever follows takes them for such.
    @Test func singleBytesOfCharactersAreNotMatched() {
        #expect(throws: RuntimeError.self) { try SplitPattern(#"\C"#) }
    }

    /// Long runs of one kind, on the pattern of Qwen2 and Qwen3, take one match each.
    @Test(.timeLimit(.minutes(10)), arguments: [" ", "\n", "a", "é", "!", "1"])
    func longRunsAreMatched(_ unit: String) throws {
        let qwen = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        let text = Array(String(repeating: unit, count: 1_000_000).utf8)
        let ranges = try Self.matches(try SplitPattern(qwen), text)
        #expect(ranges.count == (unit == "1" ? 1_000_000 : 1))
        #expect(ranges.last?.upperBound == text.count)
    }
}
