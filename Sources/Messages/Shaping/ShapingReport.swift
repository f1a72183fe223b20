import JSON

/// What shaping did to one request, in counts; nothing of what the request says.
public struct ShapingReport: Sendable, Equatable {
    public enum Part: String, Sendable, CaseIterable {
        /// Tools that are not on the list.
        case tools
        case toolDescriptions = "tool_descriptions"
        /// The client's own words: the system prompt, and its messages in mid-conversation.
        case prompt
        /// What tells the model not to think.
        case thinking
    }

    public struct Step: Sendable, Equatable {
        public var part: Part
        /// Bytes of UTF-8: of the tools as compact JSON, of the prompt's texts.
        public var before: Int
        public var after: Int
        /// The names of the tools that were left out, in their order.
        public var removed: [String]

        public init(_ part: Part, before: Int, after: Int, removed: [String]) {
            self.part = part
            self.before = before
            self.after = after
            self.removed = removed
        }
    }

    /// In the order in which they were taken; empty where nothing is configured.
    public var steps: [Step] = []

    public init() {}

    /// `[{"part": "tools", "bytes_before": 31215, "bytes_after": 7000, "removed": ["Agent", …]}, …]`
    public var json: JSON {
        .array(
            steps.map { step in
                var object: JSONObject = [
                    "part": .string(step.part.rawValue), "bytes_before": .integer(step.before), "bytes_after": .integer(step.after),
                ]
                if !step.removed.isEmpty { object["removed"] = .array(step.removed.map(JSON.string)) }
                return .object(object)
            })
    }
}
