import JSON

/// The offered tools as functions.
///
/// A deferred tool is offered only after a `tool_reference` named it, and then behind all others: the head of the list, and so
/// of the prompt, stays as it was.
struct ToolDefinitions {
    var functions: [JSON] = []
    var names = ToolNames()

    init(_ tools: [JSON], referenced: [String]) throws(AnthropicError) {
        var offered: [JSON] = []
        var deferred: [String: JSON] = [:]
        var refused: [(index: Int, type: String)] = []
        for (index, tool) in tools.enumerated() {
            let type = tool["type"]?.stringValue ?? "custom"
            guard tool["input_schema"] != nil || type == "custom" else {
                refused.append((index, type))
                continue
            }
            guard let name = tool["name"]?.stringValue, !name.isEmpty else { throw .invalid("tools.\(index).name: Field required") }
            if tool["defer_loading"]?.boolValue == true { deferred[name] = tool } else { offered.append(tool) }
        }
        // A tool that runs on Anthropic's side can be left out beside others; alone, nothing would be left of what was asked.
        if let first = refused.first(where: { !Self.runsOnServer($0.type) }) ?? (offered.isEmpty && deferred.isEmpty ? refused.first : nil) {
            throw .invalid("tools.\(first.index): `\(first.type)` is served by the Anthropic API alone; route this request to a `claude` backend")
        }
        for name in referenced {
            if let tool = deferred.removeValue(forKey: name) { offered.append(tool) }
        }
        for tool in offered { functions.append(try Self.function(tool)) }
        names = ToolNames(offered.compactMap { $0["name"]?.stringValue })
    }

    private static func runsOnServer(_ type: String) -> Bool {
        ["web_search_", "web_fetch_", "code_execution_", "tool_search_tool_", "advisor_", "mcp_"].contains { type.hasPrefix($0) }
    }

    private static func function(_ tool: JSON) throws(AnthropicError) -> JSON {
        let name = tool["name"]?.stringValue ?? ""
        guard var schema = (tool["input_schema"] ?? [:]).objectValue else { throw .invalid("tools.\(name).input_schema: Input should be an object") }
        schema["$schema"] = nil
        if schema["type"] == nil { schema["type"] = "object" }
        if schema["properties"] == nil { schema["properties"] = [:] }
        var function: JSONObject = ["name": .string(ToolNames.wire(name))]
        if let description = tool["description"]?.stringValue { function["description"] = .string(description) }
        function["parameters"] = .object(schema)
        if let strict = tool["strict"]?.boolValue { function["strict"] = .bool(strict) }
        return ["type": "function", "function": .object(function)]
    }
}
