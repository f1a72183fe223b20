/// `<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`: Qwen3-Coder.
public struct QwenCoderDialect: ToolCallDialect {
    public init() {}

    private static let notation = TaggedNotation(
        block: (Array("<tool_call>".utf8), Array("</tool_call>".utf8)), function: (Array("<function=".utf8), Array("</function>".utf8)),
        parameter: (Array("<parameter=".utf8), Array(">".utf8)), value: ([], Array("</parameter>".utf8)), breaksLines: true)

    public var name: String { "qwen3-coder" }
    /// The model leaves the outer tag out at times.
    public var openers: [String] { ["<tool_call>", "<function="] }
    public var markers: [String] { ["<tool_call>", "</tool_call>"] }

    public func isWritten(by template: String) -> Bool { template.contains("<function=") && template.contains("<parameter=") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        TaggedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String { "<tool_call>\n<function=\(name)>\n" }
}
