/// `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>name<｜tool▁sep｜>{…}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`: DeepSeek V3.1. V3 and R1 write
/// `function<｜tool▁sep｜>name` and a fence around the arguments; both are read.
public struct DeepSeekDialect: ToolCallDialect {
    public init() {}

    private static let separator = "<｜tool▁sep｜>"
    private static let notation = MarkedNotation(
        call: "<｜tool▁call▁begin｜>", callEnd: "<｜tool▁call▁end｜>", block: ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
    ) { head in
        guard let found = head.firstRange(of: separator) else { return nil }
        let (first, second) = (head[..<found.lowerBound].trimmed, head[found.upperBound...].trimmed)
        if second.isEmpty { return String(first) }
        let lines = second.split(separator: "\n", maxSplits: 1)
        guard first == "function", lines.count == 2, lines[1].trimmed == "```json" else { return nil }
        return String(lines[0])
    }

    public var name: String { "deepseek" }
    public var openers: [String] { Self.notation.openers }
    public var markers: [String] { Self.notation.markers + [Self.separator] }

    public func isWritten(by template: String) -> Bool { template.contains(Self.notation.call) }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader {
        MarkedCallReader(Self.notation, after: opener, tools: tools)
    }

    public func callOpening(name: String) -> String { Self.notation.openers.joined() + name + Self.separator + "{" }
}
