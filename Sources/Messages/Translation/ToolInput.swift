import JSON

/// The arguments of a tool call between their two forms: text for chat completions, a value for messages.
public enum ToolInput {
    /// The client's own word for arguments that were no JSON object; they come back so in its next request.
    private static let unparsed = "__unparsedToolInput"

    /// Nothing is `{}`; what is not a JSON object is kept as it was, under the name that the client gives it too.
    public static func json(ofArguments text: String) -> JSON {
        guard text.contains(where: { !$0.isWhitespace }) else { return [:] }
        if let value = try? JSON(parsing: text), case .object = value { return value }
        return .object([unparsed: ["raw": .string(text), "len": .integer(text.utf16.count)]])
    }

    /// Compact JSON with the members in their order, so that a call reads the same in each later request.
    ///
    /// Always an object: servers parse the arguments of earlier calls again, and refuse the whole conversation for one that they
    /// cannot read, in each of its later turns. So a malformed call stays under the client's word for it.
    public static func arguments(of input: JSON) -> String {
        switch input {
        case .null: return "{}"
        case .object(let object):
            // What the client could not parse but we can.
            if object.count == 1, let raw = object[unparsed]?["raw"]?.stringValue, case .object? = try? JSON(parsing: raw) { return raw }
            return input.text
        default: return json(ofArguments: input.text).text
        }
    }

    /// Upstream ids are often missing or repeat from answer to answer; ours are as unique as the message's own.
    static func callID(message: String, index: Int) -> String {
        let suffix = message.hasPrefix("msg_") ? message.dropFirst(4) : Substring(message)
        return "toolu_\(suffix)_\(index)"
    }
}
