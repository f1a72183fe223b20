/// `[TOOL_CALLS]name[ARGS]{…}`, with `[CALL_ID]…` between in some versions: Mistral from Small 3.2 on, Magistral, Devstral 2. The list of
/// earlier models is not read.
public struct MistralDialect: ToolCallDialect {
    public init() {}

    private static let arguments = "[ARGS]"
    private static let callID = "[CALL_ID]"
    private static let notation = MarkedNotation(call: "[TOOL_CALLS]", callEnd: nil, block: nil) { head in
        guard let end = head.firstRange(of: arguments), head[end.upperBound...].allSatisfy(\.isWhitespace) else { return nil }
        let before = head[..<end.lowerBound]
        return String((before.firstRange(of: callID).map { before[..<$0.lowerBound] } ?? before).trimmed)
    }

    public var name: String { "mistral" }
    public var openers: [String] { Self.notation.openers }
    public var markers: [String] { Self.notation.markers + [Self.arguments, Self.callID] }

    public func isWritten(by template: String) -> Bool { template.contains(Self.notation.call) && template.contains(Self.arguments) }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        MarkedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String { "[TOOL_CALLS]\(name)[ARGS]{" }
}
