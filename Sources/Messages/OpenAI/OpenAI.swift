/// The chat-completions API of OpenAI, as inference servers speak it (facts: proxy-and-messages-api, sections 3.2 and 3.3).
public enum OpenAI {
    /// The `data:` line that ends a stream.
    public static let streamEnd = "[DONE]"
}
