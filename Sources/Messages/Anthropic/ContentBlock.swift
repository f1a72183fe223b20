import JSON

/// One block of a message's content, read as far as a translation needs it.
public enum ContentBlock: Sendable, Equatable {
    case text(String, cacheControl: JSON?)
    case image(ImageSource)
    /// The whole block: its source decides what becomes of it.
    case document(JSON)
    case thinking(String, signature: String)
    case redactedThinking
    case toolUse(id: String, name: String, input: JSON)
    case toolResult(ToolResult)
    /// A tool that can be called from here on: found by a search, or added by the client.
    case toolReference(name: String)
    /// A tool that can be called from here on and is declared here, as an element of `tools` is.
    case toolDefinition(JSON)
    /// A tool that must not be called from here on.
    case toolRemoval(name: String)
    /// A block that this version does not know, or that only the Anthropic API can serve.
    case other(type: String, JSON)

    public struct ToolResult: Sendable, Equatable {
        /// Of the call that it answers.
        public var id: String
        public var content: [ContentBlock]
        public var isError: Bool
        public var cacheControl: JSON?
    }
}

extension ContentBlock {
    /// - Parameter path: the place in the request, as the API names places: `messages.1.content.0`.
    init(_ json: JSON, at path: String) throws(AnthropicError) {
        guard let object = json.objectValue else { throw .invalid("\(path): Input should be an object, found \(json.typeName)") }
        guard let type = object["type"]?.stringValue else { throw .invalid("\(path).type: Field required") }
        func text(_ key: String, isFilled: Bool = false) throws(AnthropicError) -> String {
            guard let value = object[key]?.stringValue else { throw .invalid("\(path).\(type).\(key): Input should be a valid string") }
            guard !isFilled || !value.isEmpty else { throw .invalid("\(path).\(type).\(key): String should have at least 1 character") }
            return value
        }
        switch type {
        case "text": self = .text(try text("text"), cacheControl: object["cache_control"]?.unlessNull)
        case "image": self = .image(try ImageSource(object["source"], at: path))
        case "document": self = .document(json)
        case "thinking": self = .thinking(try text("thinking"), signature: object["signature"]?.stringValue ?? "")
        case "redacted_thinking": self = .redactedThinking
        case "tool_use":
            self = .toolUse(
                id: try text("id", isFilled: true), name: try text("name", isFilled: true), input: object["input"]?.unlessNull ?? .object([:]))
        case "tool_result":
            self = .toolResult(
                ToolResult(
                    id: try text("tool_use_id", isFilled: true),
                    content: try Self.list(object["content"], at: "\(path).tool_result.content"), isError: object["is_error"]?.boolValue ?? false,
                    cacheControl: object["cache_control"]?.unlessNull))
        case "tool_reference": self = .toolReference(name: try text("tool_name", isFilled: true))
        case "tool_addition", "tool_removal": self = Self.toolChange(type, object["tool"] ?? .null, json)
        default: self = .other(type: type, json)
        }
    }

    /// What a system turn says of the tools; changes of whole MCP servers are the API's own.
    private static func toolChange(_ type: String, _ tool: JSON, _ json: JSON) -> ContentBlock {
        if type == "tool_addition", let definition = tool["definition"], definition["name"]?.stringValue?.isEmpty == false {
            return .toolDefinition(definition)
        }
        guard tool["type"] == "tool_reference", let name = tool["name"]?.stringValue ?? tool["tool_name"]?.stringValue, !name.isEmpty else {
            return .other(type: type, json)
        }
        return type == "tool_addition" ? .toolReference(name: name) : .toolRemoval(name: name)
    }

    /// Content is a string, a list of blocks, or absent.
    static func list(_ json: JSON?, at path: String) throws(AnthropicError) -> [ContentBlock] {
        switch json {
        case nil, .null?: return []
        case .string(let text)?: return [.text(text, cacheControl: nil)]
        case .array(let elements)?:
            var blocks: [ContentBlock] = []
            blocks.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() { blocks.append(try ContentBlock(element, at: "\(path).\(index)")) }
            return blocks
        case .some(let value): throw .invalid("\(path): Input should be a valid string or list, found \(value.typeName)")
        }
    }
}
