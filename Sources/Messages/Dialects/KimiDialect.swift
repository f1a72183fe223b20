/// `<|tool_calls_section_begin|><|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>…`: Kimi K2.
public struct KimiDialect: ToolCallDialect {
    public init() {}

    private static let separator = "<|tool_call_argument_begin|>"
    private static let notation = MarkedNotation(
        call: "<|tool_call_begin|>", callEnd: "<|tool_call_end|>", block: ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>")
    ) { head in
        guard let end = head.firstRange(of: separator), head[end.upperBound...].allSatisfy(\.isWhitespace) else { return nil }
        // The id is `functions.` with the name and the number of the call.
        var id = head[..<end.lowerBound].trimmed
        if id.hasPrefix("functions.") { id = id.dropFirst("functions.".count) }
        guard let colon = id.lastIndex(of: ":"), id[id.index(after: colon)...].allSatisfy(\.isNumber) else { return String(id) }
        return String(id[..<colon])
    }

    public var name: String { "kimi-k2" }
    public var openers: [String] { Self.notation.openers }
    public var markers: [String] { Self.notation.markers + [Self.separator] }

    public func isWritten(by template: String) -> Bool { template.contains("<|tool_calls_section_begin|>") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        MarkedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String {
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.\(name):0\(Self.separator){"
    }
}
