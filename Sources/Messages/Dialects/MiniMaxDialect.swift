/// `<minimax:tool_call><invoke name="name"><parameter name="key">value</parameter></invoke></minimax:tool_call>`: MiniMax-M2.
public struct MiniMaxDialect: ToolCallDialect {
    public init() {}

    private static let notation = TaggedNotation(
        block: (Array("<minimax:tool_call>".utf8), Array("</minimax:tool_call>".utf8)),
        function: (Array("<invoke name=".utf8), Array("</invoke>".utf8)), parameter: (Array("<parameter name=".utf8), Array(">".utf8)),
        value: ([], Array("</parameter>".utf8)))

    public var name: String { "minimax" }
    public var openers: [String] { ["<minimax:tool_call>"] }
    public var markers: [String] { ["<minimax:tool_call>", "</minimax:tool_call>"] }

    public func isWritten(by template: String) -> Bool { template.contains("<minimax:tool_call>") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        TaggedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String { "<minimax:tool_call>\n<invoke name=\"\(name)\">\n" }
}
