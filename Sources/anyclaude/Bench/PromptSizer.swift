/// Finds the text of a first turn that has as many tokens as wanted, by counting.
struct PromptSizer {
    /// Text to tokens; nil where nobody counts.
    let count: (String) throws -> Int?
    let text: (_ words: Int) -> String

    private static let rounds = 8
    /// Of the wanted size, below it.
    private static let tolerance = 0.03

    struct Sized {
        var words: Int
        var text: String
        var tokens: Int
    }

    /// - Parameter tokens: of the whole prompt, template and all; what is found is at most that, where any text is.
    /// - Returns: nil where nobody counts.
    func find(_ tokens: Int) throws -> Sized? {
        var words = max(1, tokens / 2)
        var best: Sized?
        var before: (words: Int, tokens: Int)?
        let target = Double(tokens) * (1 - Self.tolerance / 2)
        // No tokenizer makes one token of two words: whoever counts fewer does not count the prompt.
        var bounds = 0...max(1, 2 * tokens)
        for _ in 0..<Self.rounds {
            let text = text(words)
            guard let counted = try count(text) else { return nil }
            if counted <= tokens {
                if counted > best?.tokens ?? -1 { best = Sized(words: words, text: text, tokens: counted) }
                if Double(counted) >= Double(tokens) * (1 - Self.tolerance) { break }
                bounds = max(bounds.lowerBound, words)...bounds.upperBound
            } else {
                if words == 1 { return best ?? Sized(words: words, text: text, tokens: counted) }
                bounds = bounds.lowerBound...max(bounds.lowerBound, min(bounds.upperBound, words - 1))
            }
            // On the line through the last two counts, since a template is there without any words; first by the share. Within what is known.
            let slope = before.map { Double(counted - $0.tokens) / Double(words - $0.words) } ?? 0
            let aim = slope > 0 ? Double(words) + (target - Double(counted)) / slope : Double(words) * target / Double(max(1, counted))
            before = (words, counted)
            let next = max(1, min(max(Int(min(max(aim, 0), Double(bounds.upperBound))), bounds.lowerBound + 1), bounds.upperBound))
            if next == words { break }
            words = next
        }
        return best
    }
}
