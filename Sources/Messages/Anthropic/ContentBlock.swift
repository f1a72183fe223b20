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
    case toolResult(id: String, content: [ContentBlock], isError: Bool)
    case toolReference(name: String)
    /// A block that this version does not know, or that only the Anthropic API can serve.
    case other(type: String, JSON)
}

public enum ImageSource: Sendable, Equatable {
    case base64(mediaType: String, data: String)
    case url(String)
    /// A file of the Files API or a kind that came later.
    case other(type: String)
}

extension ContentBlock {
    /// - Parameter path: the place in the request, as the API names places: `messages.1.content.0`.
    init(_ json: JSON, at path: String) throws(AnthropicError) {
        guard let object = json.objectValue else { throw .invalid("\(path): Input should be an object, found \(json.typeName)") }
        guard let type = object["type"]?.stringValue else { throw .invalid("\(path).type: Field required") }
        func text(_ key: String) throws(AnthropicError) -> String {
            guard let value = object[key]?.stringValue else { throw .invalid("\(path).\(type).\(key): Input should be a valid string") }
            return value
        }
        switch type {
        case "text":
            self = .text(try text("text"), cacheControl: object["cache_control"]?.unlessNull)
        case "image":
            self = .image(ImageSource(object["source"] ?? .null))
        case "document": self = .document(json)
        case "thinking": self = .thinking(try text("thinking"), signature: object["signature"]?.stringValue ?? "")
        case "redacted_thinking": self = .redactedThinking
        case "tool_use":
            self = .toolUse(id: try text("id"), name: try text("name"), input: object["input"] ?? .object([:]))
        case "tool_result":
            self = .toolResult(
                id: try text("tool_use_id"), content: try Self.list(object["content"], at: "\(path).tool_result.content"),
                isError: object["is_error"]?.boolValue ?? false)
        case "tool_reference": self = .toolReference(name: try text("tool_name"))
        default: self = .other(type: type, json)
        }
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

extension ImageSource {
    init(_ json: JSON) {
        switch json["type"]?.stringValue {
        case "base64":
            let data = json["data"]?.stringValue ?? ""
            self = .base64(mediaType: Self.mediaType(ofBase64: data) ?? json["media_type"]?.stringValue ?? "image/png", data: data)
        case "url": self = .url(json["url"]?.stringValue ?? "")
        case let type: self = .other(type: type ?? "unknown")
        }
    }

    /// The type by the file's magic number, since clients are known to mislabel images and servers to refuse them for it.
    private static func mediaType(ofBase64 data: String) -> String? {
        let magic = [("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")]
        return magic.first { data.hasPrefix($0.0) }?.1
    }
}
