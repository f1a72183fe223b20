/// `<tool_call>name\n<arg_key>key</arg_key>\n<arg_value>value</arg_value>\n</tool_call>`: GLM 4.5 to 4.7, some of which leave the line
/// breaks out.
public struct GLMDialect: ToolCallDialect {
    public init() {}

    private static let notation = TaggedNotation(
        block: (Array("<tool_call>".utf8), Array("</tool_call>".utf8)), function: nil,
        parameter: (Array("<arg_key>".utf8), Array("</arg_key>".utf8)), value: (Array("<arg_value>".utf8), Array("</arg_value>".utf8)))

    public var name: String { "glm" }
    public var openers: [String] { ["<tool_call>"] }
    public var markers: [String] {
        ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"]
    }

    public func isWritten(by template: String) -> Bool { template.contains("<arg_key>") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        TaggedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String { "<tool_call>\(name)\n" }
}
