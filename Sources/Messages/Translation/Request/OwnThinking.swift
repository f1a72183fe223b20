import JSON

/// Thinking blocks that a model of ours wrote, in a conversation that goes on with the Anthropic API.
///
/// Their signature is our mark, `anyclaude.v1.<backend>`, and what that backend wants back of it (`ReasoningSignature`). The API knows its own signatures only and refuses the whole request for one
/// that it does not know.
public enum OwnThinking {
    /// What the signature of each of them begins with.
    public static let mark = "anyclaude.v1"

    public static func isOwn(_ signature: String) -> Bool { signature.hasPrefix(mark) }

    /// The body of a request without them, and without the turns that they were all of; nil where there is none, and so nothing to change.
    public static func removed(fromBody json: JSON) -> JSON? {
        guard var body = json.objectValue, let messages = body["messages"]?.arrayValue else { return nil }
        var isChanged = false
        let kept = messages.compactMap { message -> JSON? in
            guard var object = message.objectValue, let blocks = object["content"]?.arrayValue else { return message }
            let others = blocks.filter { block in
                block["type"]?.stringValue != "thinking" || block["signature"]?.stringValue.map(isOwn) != true
            }
            guard others.count < blocks.count else { return message }
            isChanged = true
            guard !others.isEmpty else { return nil }
            object["content"] = .array(others)
            return .object(object)
        }
        guard isChanged else { return nil }
        body["messages"] = .array(kept)
        return .object(body)
    }
}
