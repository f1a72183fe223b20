import JSON

/// The arguments of a tool call between their two forms: text for chat completions, a value for messages.
public enum ToolInput {
    /// The client's own word for arguments that were no JSON object; they come back so in its next request.
    private static let unparsed = "__unparsedToolInput"

    /// Nothing is `{}`; what is not a JSON object is kept as it was, under the name that the client gives it too.
    public static func json(ofArguments text: String) -> JSON {
        guard text.contains(where: { !$0.isWhitespace }) else { return [:] }
        if let value = try? JSON(parsing: text), case .object = value { return value }
        return [JSONObject.Member(key: unparsed, value: ["raw": .string(text), "len": .integer(text.utf16.count)])].asObject
    }

    /// Compact JSON with the members in their order, so that a call reads the same in each later request.
    public static func arguments(of input: JSON) -> String {
        if case .object(let object) = input, object.count == 1, let raw = object[unparsed]?["raw"]?.stringValue { return raw }
        return input.isNull ? "{}" : input.text
    }

    /// Upstream ids are often missing or repeat from answer to answer; ours are as unique as the message's own.
    static func callID(message: String, index: Int) -> String {
        let suffix = message.hasPrefix("msg_") ? message.dropFirst(4) : Substring(message)
        return "toolu_\(suffix)_\(index)"
    }
}

extension [JSONObject.Member] {
    fileprivate var asObject: JSON { .object(JSONObject(self)) }
}
