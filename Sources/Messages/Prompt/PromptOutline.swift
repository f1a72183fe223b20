import JSON

/// A prompt without its words: a hash and a size for each piece, in the order in which a template prints them.
///
/// Kept of recent requests, it tells where two prompts part and keeps nothing that anybody has said.
public struct PromptOutline: Sendable, Equatable {
    public enum Section: String, Sendable, CaseIterable { case model, tools, system, messages, parameters }

    /// Where a piece stands in the request that the model's server gets; numbers count from 0.
    public enum Place: Sendable, Equatable {
        case tool(Int, name: String)
        /// A block of the leading system prompt.
        case system(Int)
        case message(Int, role: Role, Part)
    }
    public enum Role: String, Sendable { case system, user, assistant, tool, other }
    public enum Part: Sendable, Equatable { case content, part(Int), reasoning, call(Int), lateTool(Int) }

    public struct Piece: Sendable, Equatable {
        public var place: Place
        public var hash: UInt64
        /// About the bytes that a template prints for it.
        public var bytes: Int
    }

    /// Tools and system: the same for a whole session, and so worth keeping beside their translation.
    public struct Head: Sendable, Equatable {
        public private(set) var pieces: [Piece] = []
    }

    public var model: String
    public private(set) var pieces: [Piece]
    /// Of what else decides the prompt, as the switch of thinking.
    public var parameters: UInt64

    /// - Parameters:
    ///   - messages: those behind the leading system prompt, as they are sent.
    ///   - parameters: what a template is told beside messages and tools.
    public init(model: String, head: Head, messages: [JSON], parameters: JSON?) {
        self.model = model
        var hash = PieceHash()
        hash.add(parameters ?? .null)
        self.parameters = hash.value
        pieces = head.pieces
        pieces.reserveCapacity(head.pieces.count + messages.count + 8)
        for (index, message) in messages.enumerated() { append(message, index) }
    }

    public var bytes: Int { pieces.reduce(0) { $0 + $1.bytes } }

    private mutating func append(_ message: JSON, _ index: Int) {
        let role = message["role"]?.stringValue.flatMap(Role.init(rawValue:)) ?? .other
        func add(_ json: JSON, _ part: Part) { pieces.append(Piece(.message(index, role: role, part), json)) }
        for member in message.objectValue?.members ?? [] {
            // A text is the same with and without a breakpoint, alone in a list or not: breakpoints are not printed.
            switch (member.key, member.value) {
            case ("reasoning", let value), ("reasoning_content", let value): add(value, .reasoning)
            case ("content", .array(let parts)):
                for (number, part) in parts.enumerated() { add(part["text"] ?? part, parts.count == 1 ? .content : .part(number)) }
            case ("content", let value): add(value, .content)
            case ("tool_calls", .array(let calls)): for (number, call) in calls.enumerated() { add(call["function"] ?? call, .call(number)) }
            case (Native.lateToolsMember, .array(let tools)): for (number, tool) in tools.enumerated() { add(tool, .lateTool(number)) }
            default: break
            }
        }
    }
}

extension PromptOutline.Head {
    /// - Parameters:
    ///   - tools: as functions, in their order.
    ///   - system: the blocks of the leading system prompt.
    ///   - printsToolsFirst: whether templates print tools before the system prompt's text.
    public init(tools: [JSON], system: [String], printsToolsFirst: Bool) {
        let tools = tools.enumerated().map { index, tool in
            PromptOutline.Piece(.tool(index, name: tool["function"]?["name"]?.stringValue ?? ""), tool)
        }
        let system = system.enumerated().map { PromptOutline.Piece(.system($0.offset), .string($0.element)) }
        pieces = printsToolsFirst ? tools + system : system + tools
    }
}

extension PromptOutline.Piece {
    init(_ place: PromptOutline.Place, _ json: JSON) {
        var hash = PieceHash()
        hash.add(json)
        self.init(place: place, hash: hash.value, bytes: hash.bytes)
    }

    /// The same words in the same section, wherever in it they stand.
    func says(theSameAs other: PromptOutline.Piece) -> Bool { hash == other.hash && bytes == other.bytes && place.section == other.place.section }
}

extension PromptOutline.Place {
    public var section: PromptOutline.Section {
        switch self {
        case .tool: .tools
        case .system: .system
        case .message: .messages
        }
    }
}

extension PromptOutline.Place: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tool(let index, let name): "tools.\(index) (`\(name)`)"
        case .system(let index): "system.\(index)"
        case .message(let index, let role, let part): "messages.\(index).\(part) (\(role.rawValue))"
        }
    }
}

extension PromptOutline.Part: CustomStringConvertible {
    public var description: String {
        switch self {
        case .content: "content"
        case .part(let index): "content.\(index)"
        case .reasoning: "reasoning"
        case .call(let index): "tool_calls.\(index)"
        case .lateTool(let index): "late_tools.\(index)"
        }
    }
}
