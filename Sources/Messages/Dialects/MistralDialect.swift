import JSON

/// `[TOOL_CALLS]name[ARGS]{…}`, with `[CALL_ID]…` between in some versions: Mistral from Small 3.2 on, Magistral, Devstral 2.
public struct MistralDialect: ToolCallDialect {
    public init() {}

    static let opener = "[TOOL_CALLS]"
    static let arguments = "[ARGS]"
    private static let callID = "[CALL_ID]"
    private static let notation = MarkedNotation(call: opener, callEnd: nil, block: nil) { head in
        guard let end = head.firstRange(of: arguments), head[end.upperBound...].allSatisfy(\.isWhitespace) else { return nil }
        let before = head[..<end.lowerBound]
        return String((before.firstRange(of: callID).map { before[..<$0.lowerBound] } ?? before).trimmed)
    }

    public var name: String { "mistral" }
    public var openers: [String] { Self.notation.openers }
    public var markers: [String] { Self.notation.markers + [Self.arguments, Self.callID] }

    public func isWritten(by template: String) -> Bool { template.contains(Self.opener) && template.contains(Self.arguments) }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { Self.reader(after: opener, tools) }

    public func callOpening(name: String) -> String { Self.opener + name + Self.arguments + "{" }

    /// Reads the notations of all versions: what follows the opener tells them apart.
    static func reader(after opener: String, _ tools: ToolSchemas) -> any ToolCallReader {
        ForkedReader { text in
            switch text.first {
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "`"): .reader(JSONCallsReader(tools: tools, isAnnounced: true))
            default: .reader(MarkedCallReader(notation, after: opener, tools: tools))
            }
        }
    }
}

/// `[TOOL_CALLS] [{"name": …, "arguments": {…}, "id": …}, …]`: Mistral up to Small 3.1, Nemo, Codestral.
public struct MistralListDialect: ToolCallDialect {
    public init() {}

    public var name: String { "mistral-list" }
    public var openers: [String] { [MistralDialect.opener] }
    public var markers: [String] { openers }

    public func isWritten(by template: String) -> Bool {
        template.contains(MistralDialect.opener) && !template.contains(MistralDialect.arguments)
    }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { MistralDialect.reader(after: opener, tools) }

    public func callOpening(name: String) -> String { "\(MistralDialect.opener) [{\"name\": \(JSON.string(name).text), \"arguments\": {" }

    public var callClosing: String { "}]" }
}
