import JSON

/// What a request of the client says, whatever the form: by this two requests are compared before anything is translated.
struct ClientHistory: Equatable {
    private(set) var tools: [JSON]
    private(set) var system: [JSON]
    /// Each block with its role.
    private(set) var blocks: [JSON] = []

    init(_ body: JSON) {
        tools = (body["tools"]?.arrayValue ?? []).map(Self.withoutBreakpoint)
        system = Self.blocks(body["system"]).filter { $0["text"]?.stringValue?.hasPrefix("x-anthropic-billing-header:") != true }
        for message in body["messages"]?.arrayValue ?? [] {
            for block in Self.blocks(message["content"]) { blocks.append(["role": message["role"] ?? .null, "block": block]) }
        }
    }

    /// How a request goes on from the one before it.
    enum Continuation { case grows, growsWithTools, another }

    func continuation(of earlier: ClientHistory) -> Continuation {
        guard system == earlier.system, blocks.starts(with: earlier.blocks), blocks.count > earlier.blocks.count else { return .another }
        if tools == earlier.tools { return .grows }
        return earlier.tools.allSatisfy(tools.contains) ? .growsWithTools : .another
    }

    private static func blocks(_ content: JSON?) -> [JSON] {
        switch content {
        case .string(let text)?: [["type": "text", "text": .string(text)]]
        case .array(let blocks)?: blocks.map(withoutBreakpoint)
        default: []
        }
    }

    private static func withoutBreakpoint(_ json: JSON) -> JSON {
        guard var object = json.objectValue else { return json }
        object["cache_control"] = nil
        return .object(object)
    }
}
