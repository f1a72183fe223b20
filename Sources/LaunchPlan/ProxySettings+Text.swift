extension ProxySettings {
    /// How a family of models writes tool calls into its text.
    public enum ToolCallDialect: String, Codable, Sendable, CaseIterable {
        case hermes
        case qwenCoder = "qwen3-coder"
        case llama = "llama3"
        case llamaPythonic = "llama32-pythonic"
        case mistral
        case deepSeek = "deepseek"
        case kimi = "kimi-k2"
        case glm
        case miniMax = "minimax"
        case harmony
    }

    /// Where in a model's text its thinking stands.
    public enum ReasoningFormat: String, Codable, Sendable, CaseIterable {
        /// Between `<think>` and `</think>`, in front of the answer.
        case think
        /// From the beginning to `</think>`: the prompt has opened the block.
        case openedThink = "think-opened"
    }
}
