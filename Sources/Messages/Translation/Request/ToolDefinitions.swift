import JSON

/// The tools of a request as functions.
///
/// A deferred tool is not offered before something in the conversation names it: a tool reference in a result, or an addition in a
/// system turn. From then on it is offered behind all others, or where it was named, as the dialect has it: the head of the prompt
/// stays what it was, wherever the client inserts the tool into its list.
struct ToolDefinitions {
    /// In the head of the prompt.
    var functions: [JSON] = []
    /// By the client's names: those that are told where they were named.
    var late: [String: JSON] = [:]
    var names = ToolNames()
    /// The kinds of tools that nobody here can run, beside others that the model can call.
    var leftOut: [String] = []

    /// - Throws: 400 that names the tool that cannot be offered.
    init(_ request: MessagesRequest, dialect: BackendDialect) throws(AnthropicError) {
        var own: [(name: String, tool: JSON)] = []
        var known: Set<String> = []
        var refused: [(index: Int, type: String)] = []
        for (index, tool) in request.tools.enumerated() {
            guard tool.objectValue != nil else { throw .invalid("tools.\(index): Input should be an object, found \(tool.typeName)") }
            guard let callable = Self.callable(tool) else {
                refused.append((index, tool["type"]?.stringValue ?? ""))
                continue
            }
            guard let name = tool["name"]?.stringValue, !name.isEmpty else { throw .invalid("tools.\(index).name: Field required") }
            guard known.insert(name).inserted else { throw .invalid("tools: Tool names must be unique, found '\(name)' again at tools.\(index)") }
            if Self.isForModel(tool) { own.append((name, callable)) }
        }
        if let first = refused.first(where: { !ServerTools.canBeLeftOut($0.type) }) ?? (own.isEmpty ? refused.first : nil) {
            throw .invalid("tools.\(first.index): `\(first.type)` is served by the Anthropic API alone; route this request to a `claude` backend")
        }
        leftOut = refused.map(\.type)
        // Where the search that would find them is left out, nothing is deferred.
        let defers = !leftOut.contains { $0.hasPrefix("tool_search_tool_") }
        var deferred: [String: JSON] = [:]
        var callable: [String] = []
        for (name, tool) in own {
            if defers, tool["defer_loading"]?.boolValue == true, request.toolChoice != .tool(name) {
                deferred[name] = tool
            } else {
                functions.append(try Self.function(tool, dialect))
                callable.append(name)
            }
        }
        for (name, definition) in request.turns.lateTools {
            let defined = known.insert(name).inserted ? definition.flatMap(Self.callable) : nil
            guard let tool = deferred.removeValue(forKey: name) ?? defined else { continue }
            let function = try Self.function(tool, dialect)
            if dialect.lateTools == .inMessages { late[name] = function } else { functions.append(function) }
            callable.append(name)
        }
        names = try ToolNames(offered: callable)
    }

    /// The tool with a schema; nil where only the API's own servers or models know it.
    private static func callable(_ tool: JSON) -> JSON? {
        let isCustom = tool["input_schema"] != nil || tool["type"]?.stringValue.map { $0 == "custom" } ?? true
        return isCustom ? tool : ClientTools.definition(of: tool)
    }

    /// A tool may be meant for code on Anthropic's side alone.
    private static func isForModel(_ tool: JSON) -> Bool {
        guard let callers = tool["allowed_callers"]?.arrayValue else { return true }
        return callers.isEmpty || callers.contains("direct")
    }

    private static func function(_ tool: JSON, _ dialect: BackendDialect) throws(AnthropicError) -> JSON {
        let name = tool["name"]?.stringValue ?? ""
        guard var schema = (tool["input_schema"] ?? [:]).objectValue else { throw .invalid("tools.\(name).input_schema: Input should be an object") }
        schema["$schema"] = nil
        if schema["type"] == nil { schema["type"] = "object" }
        if schema["properties"] == nil { schema["properties"] = [:] }
        if dialect.schemas == .llamaGrammar { schema = LlamaSchema.rewritten(schema, tellsDropped: true) }
        var function: JSONObject = ["name": .string(ToolNames.wire(name))]
        if let description = description(of: tool) { function["description"] = .string(description) }
        function["parameters"] = .object(schema)
        if let strict = tool["strict"]?.boolValue { function["strict"] = .bool(strict) }
        return ["type": "function", "function": .object(function)]
    }

    /// Functions have no place of their own for examples.
    private static func description(of tool: JSON) -> String? {
        let examples = (tool["input_examples"]?.arrayValue ?? []).map(\.text)
        let parts = [tool["description"]?.stringValue, examples.isEmpty ? nil : "Examples of its input:\n" + examples.joined(separator: "\n")]
        let text = parts.compactMap { $0 }.joined(separator: "\n\n")
        return text.isEmpty ? nil : text
    }
}

extension [MessagesRequest.Turn] {
    /// The tools that were named after the conversation began, in order, each once.
    var lateTools: [(name: String, definition: JSON?)] {
        var tools: [(name: String, definition: JSON?)] = []
        var seen: Set<String> = []
        for turn in self {
            for block in turn.content {
                for (name, definition) in block.lateTools where seen.insert(name).inserted { tools.append((name, definition)) }
            }
        }
        return tools
    }
}

extension ContentBlock {
    /// The tools that can be called from this block on.
    var lateTools: [(name: String, definition: JSON?)] {
        switch self {
        case .toolReference(let name): return [(name, nil)]
        case .toolDefinition(let definition): return definition["name"]?.stringValue.map { [($0, definition)] } ?? []
        case .toolResult(let result): return result.content.flatMap(\.lateTools)
        case .other("tool_search_tool_result", let json):
            return (json["content"]?["tool_references"]?.arrayValue ?? []).compactMap { $0["tool_name"]?.stringValue }.map { ($0, nil) }
        default: return []
        }
    }
}
