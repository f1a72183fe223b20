/// Tools that run on Anthropic's side.
public enum ServerTools {
    private static let kinds = ["web_search", "web_fetch", "code_execution", "tool_search_tool", "advisor", "mcp"]

    /// What sort of tool it is, whatever its date, in one of few words: `web_search` of `web_search_20250305`.
    public static func kind(of type: String) -> String { kinds.first { type.hasPrefix($0 + "_") } ?? "other" }

    /// Whether it can be left out beside others; alone, nothing would be left of what was asked.
    static func canBeLeftOut(_ type: String) -> Bool { kind(of: type) != "other" }
}
