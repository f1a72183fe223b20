/// `<|channel|>commentary to=functions.name <|constrain|>json<|message|>{…}<|call|>`: gpt-oss. The notation frames all that the model
/// writes: what it thinks is on the channel `analysis`, its answer on `final`.
public struct HarmonyDialect: ToolCallDialect {
    public init() {}

    public var name: String { "harmony" }
    /// The prompt ends with the role, behind which the recipient may stand.
    public var openers: [String] { HarmonyReader.starts + ["to=functions."] }
    public var markers: [String] { HarmonyReader.starts + HarmonyReader.ends + ["<|constrain|>", "<|message|>"] }
    public var framesAnswers: Bool { true }
    public var callOnlyOpeners: [String] { [] }

    public func isWritten(by template: String) -> Bool { template.contains("<|channel|>") && template.contains("<|message|>") }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { HarmonyReader(after: opener, tools: tools) }

    public func callOpening(name: String) -> String { "<|channel|>commentary to=functions.\(name) <|constrain|>json<|message|>{" }
}
