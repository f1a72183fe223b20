import JSON

/// A prompt that does not fit, recognised in the words of the servers that say so.
struct ContextOverflow {
    /// Tokens of the prompt alone, where the server says.
    private var prompt: Int?
    /// Tokens asked for, of prompt and answer together.
    private var requested: Int?
    private var completion: Int?
    private var limit: Int?

    /// Sources of the wordings: vLLM, SGLang, llama.cpp, LM Studio, OpenAI, OpenRouter, Anthropic, and this project's worker.
    private static let wordings = [
        "maximum context length", "context length exceeded", "exceeds the available context size", "context window is", "context_length_exceeded",
        "exceeds the context", "greater than the context length", "exceeds context length", "context overflow", "prompt is too long",
        "longer than the model's context length", "longer than the maximum model length", "with context length of", "n_keep",
    ]
    private static let codes: Set = ["context_length_exceeded", "exceed_context_size_error"]

    /// - Parameters:
    ///   - codes: the words for programs that came with the message.
    ///   - details: an object that has the counts as members (llama.cpp).
    init?(message: String, codes: [String], details: JSON? = nil) {
        let lower = message.lowercased()
        guard codes.contains(where: Self.codes.contains) || Self.wordings.contains(where: lower.contains) else { return nil }
        let words = lower.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        for (position, word) in words.enumerated() {
            guard let number = Int(word) else { continue }
            note(number, before: words[max(0, position - 4)..<position], after: words[(position + 1)..<min(words.count, position + 5)])
        }
        // Servers name the prompt's parts one by one; what is not the completion is the prompt.
        if let requested, let completion, requested > completion { prompt = requested - completion }
        prompt = details?["n_prompt_tokens"]?.intValue ?? prompt
        limit = details?["n_ctx"]?.intValue ?? limit
    }

    /// The words around a number say which it is; of several of a kind the first counts.
    private mutating func note(_ number: Int, before: ArraySlice<Substring>, after: ArraySlice<Substring>) {
        switch before.last {
        case "n_ctx": return limit = limit ?? number
        case "n_keep", "request": return prompt = prompt ?? number
        // "`max_tokens` is too large: N"
        case "large": return completion = completion ?? number
        // "prompt (length N)"
        case "length" where before.contains("prompt"): return prompt = prompt ?? number
        default: break
        }
        func has(_ words: ArraySlice<Substring>, _ wanted: Set<Substring>) -> Bool { words.contains(where: wanted.contains) }
        if before.contains("keep") {
            prompt = prompt ?? number
        } else if after.first == "maximum" || has(before, ["length", "window", "size", "limit"]) {
            limit = limit ?? number
        } else if has(after, ["completion", "output"]) {
            completion = completion ?? number
        } else if has(after, ["messages", "input", "prompt"]) || has(before, ["messages", "input", "prompt"]) {
            prompt = prompt ?? number
        } else if before.contains("requested") {
            requested = requested ?? number
        }
    }

    /// Tokens that are left for the answer, where the prompt alone fits and the server says so.
    var answerRoom: Int? {
        guard let limit, let prompt, let completion, completion > 0, prompt < limit else { return nil }
        return limit - prompt
    }

    /// Clients read the numbers: they shorten the answer where the prompt fits without it, else the conversation.
    var error: AnthropicError {
        guard let limit else { return .invalid("prompt is too long for the model's context window") }
        if let prompt, let completion, completion > 0, prompt < limit {
            return .invalid(
                "input length and `max_tokens` exceed context limit: \(prompt) + \(completion) > \(limit), decrease input length or `max_tokens` and try again"
            )
        }
        guard let tokens = prompt ?? requested else { return .invalid("prompt is too long: more than \(limit) tokens > \(limit) maximum") }
        return .invalid("prompt is too long: \(tokens) tokens > \(limit) maximum")
    }
}
