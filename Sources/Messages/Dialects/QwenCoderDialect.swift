/// `<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`: Qwen3-Coder.
public struct QwenCoderDialect: ToolCallDialect {
    public init() {}

    public var name: String { "qwen3-coder" }
    /// The model leaves the outer tag out at times.
    public var openers: [String] { ["<tool_call>", "<function="] }
    public var markers: [String] { ["<tool_call>", "</tool_call>"] }

    public func isWritten(by template: String) -> Bool { template.contains("<function=") && template.contains("<parameter=") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        QwenCoderReader(tools: tools, isInFunction: opener == "<function=")
    }

    public func callOpening(name: String) -> String { "<tool_call>\n<function=\(name)>\n" }
}
