import JSON

/// `<tool_call>{"name": …, "arguments": {…}}</tool_call>`: Hermes 2 and 3, Qwen2.5, Qwen3.
public struct HermesDialect: ToolCallDialect {
    public init() {}

    public var name: String { "hermes" }
    public var openers: [String] { ["<tool_call>"] }
    public var markers: [String] { ["<tool_call>", "</tool_call>"] }

    public func isWritten(by template: String) -> Bool {
        // Other families have the same tag around a notation of their own.
        template.contains("<tool_call>") && !["<function=", "<arg_key>"].contains { template.contains($0) }
    }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { HermesReader(tools: tools) }

    public func callOpening(name: String) -> String { "<tool_call>\n{\"name\": \(JSON.string(name).text), \"arguments\": {" }

    public var callClosing: String { "}\n</tool_call>" }
}
