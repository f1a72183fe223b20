import JSON

/// A prompt that does not fit, recognised in the words of the servers that say so.
struct ContextOverflow {
    /// Tokens of the prompt alone, where the server says.
    var prompt: Int?
    /// Tokens asked for, of prompt and answer together or of the answer.
    var requested: Int?
    var completion: Int?
    var limit: Int?

    /// Sources of the wordings: vLLM, llama.cpp, LM Studio, OpenRouter, and this project's worker.
    private static let wordings = [
        "maximum context length", "context length exceeded", "exceeds the available context size", "context window is", "context_length_exceeded",
        "exceeds the context", "greater than the context length", "exceeds context length", "context overflow", "prompt is too long",
    ]

    init?(message: String, code: String?, details: JSON?) {
        let lower = message.lowercased()
        guard ["context_length_exceeded", "exceed_context_size_error"].contains(code ?? "") || Self.wordings.contains(where: lower.contains) else {
            return nil
        }
        let words = lower.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        // Each number with the words around it says which it is.
        for (position, word) in words.enumerated() {
            guard let number = Int(word) else { continue }
            let before = words[max(0, position - 4)..<position]
            let after = words[(position + 1)..<min(words.count, position + 5)]
            if before.contains("length") || before.contains("window") || before.contains("size") || before.contains("limit")
                || after.contains("maximum")
            {
                limit = limit ?? number
            } else if after.contains("completion") || after.contains("output") {
                completion = completion ?? number
            } else if after.contains("messages") || after.contains("input") || before.contains("prompt") || before.contains("input") {
                prompt = prompt ?? number
            } else if before.contains("requested") {
                requested = requested ?? number
            }
        }
        prompt = details?["n_prompt_tokens"]?.intValue ?? prompt
        limit = details?["n_ctx"]?.intValue ?? limit
    }

    var error: AnthropicError {
        guard let limit else { return .invalid("prompt is too long for the model's context window") }
        if let prompt, let completion, prompt < limit {
            return .invalid(
                "input length and `max_tokens` exceed context limit: \(prompt) + \(completion) > \(limit), decrease input length or `max_tokens` and try again"
            )
        }
        guard let tokens = prompt ?? requested else { return .invalid("prompt is too long: more than \(limit) tokens > \(limit) maximum") }
        return .invalid("prompt is too long: \(tokens) tokens > \(limit) maximum")
    }
}
