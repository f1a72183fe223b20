import JSON

/// Blocks that only the Anthropic API makes, in a conversation that goes on elsewhere.
///
/// By rule: what the API's own tools found, what a compaction kept, and a search result are told as text; calls of those tools, notes of the
/// API to itself and what is encrypted are dropped. Of a kind that came later, its text is told.
enum ServerBlocks {
    private static let dropped: Set<String> = [
        "server_tool_use", "mcp_tool_use", "mcp_tool_listing", "fallback", "container_upload", "tool_search_tool_result", "tool_addition",
        "tool_removal",
    ]
    /// Members whose texts are told, in this order.
    private static let texts = ["title", "url", "text", "stdout", "stderr", "error_code", "data"]
    private static let maximumDepth = 16

    static func text(of block: JSON, type: String) -> String {
        if dropped.contains(type) { return "" }
        if type == "search_result" { return searchResult(block) }
        var lines: [String] = []
        collect(block, 0, &lines)
        return lines.joined(separator: "\n")
    }

    private static func searchResult(_ block: JSON) -> String {
        let lines =
            [block["title"]?.stringValue, block["source"]?.stringValue] + (block["content"]?.arrayValue ?? []).map { $0["text"]?.stringValue }
        return lines.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static func collect(_ value: JSON, _ depth: Int, _ lines: inout [String]) {
        guard depth < maximumDepth else { return }
        switch value {
        case .array(let elements): for element in elements { collect(element, depth + 1, &lines) }
        case .object(let object):
            // The data of a source is a file's, unless it says that it is a text.
            let isFile = object["data"] != nil && object["type"] != "text"
            for key in texts where !(key == "data" && isFile) {
                if let text = object[key]?.stringValue, !text.isEmpty { lines.append(text) }
            }
            if let text = object["content"]?.stringValue, !text.isEmpty { lines.append(text) }
            for key in ["content", "source"] {
                if let inner = object[key], inner.stringValue == nil { collect(inner, depth + 1, &lines) }
            }
        default: break
        }
    }
}
