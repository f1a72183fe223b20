import JSON
import Messages

/// Tools that a message of the conversation loads (`late_tools`): callable from there on, and told there, in the template's own notation.
/// Rendered among the others at the head, each would end what all the messages before it share with the request before.
enum LateTools {
    private static let probe: JSON = [
        "type": "function",
        "function": ["name": "anyclaude_probe", "description": "none", "parameters": ["type": "object", "properties": [:]]],
    ]

    static func all(of messages: [JSON]) throws(OpenAI.Failure) -> [JSON] {
        var tools: [JSON] = []
        for (index, message) in messages.enumerated() { tools += try of(message, index) }
        return tools
    }

    static func of(_ message: JSON, _ index: Int) throws(OpenAI.Failure) -> [JSON] {
        guard let value = message[Native.lateToolsMember], !value.isNull else { return [] }
        let param = "messages[\(index)].\(Native.lateToolsMember)"
        guard case .array(let tools) = value, tools.allSatisfy({ $0["function"]?["name"]?.stringValue != nil }) else {
            throw .invalidRequest("`\(param)` must be a list of {\"type\": \"function\", \"function\": {\"name\", …}}", param: param)
        }
        return tools
    }

    /// The definition of a tool as the template writes one: what it adds to the prompt where another tool is there already.
    ///
    /// Where the template does not show it, the tool's JSON, which every family of models has seen.
    static func definition(of tool: JSON, in template: ChatTemplate) -> String {
        let messages: [JSON] = [["role": "user", "content": "none"]]
        guard let name = tool["function"]?["name"]?.stringValue,
            let without = try? template.render(messages: messages, tools: [probe], addGenerationPrompt: false),
            let with = try? template.render(messages: messages, tools: [probe, tool], addGenerationPrompt: false)
        else { return tool.text }
        let added = String(decoding: insertion(Array(without.utf8), Array(with.utf8)), as: UTF8.self)
        return added.contains(name) ? added : tool.text
    }

    /// What was put into `shorter` to make `longer`, from the beginning of a line where it may be read so, without what separates it.
    private static func insertion(_ shorter: [UInt8], _ longer: [UInt8]) -> ArraySlice<UInt8> {
        var start = zip(shorter, longer).prefix { $0 == $1 }.count
        let room = min(shorter.count, longer.count) - start
        let tail = zip(shorter.reversed(), longer.reversed()).prefix(room).prefix { $0 == $1 }.count
        var end = longer.count - tail
        let newline = UInt8(ascii: "\n")
        var movedStart = start
        var movedEnd = end
        while movedStart > 0, longer[movedStart - 1] != newline, longer[movedStart - 1] == longer[movedEnd - 1] {
            movedStart -= 1
            movedEnd -= 1
        }
        if movedStart == 0 || longer[movedStart - 1] == newline || longer[movedStart] == newline { (start, end) = (movedStart, movedEnd) }
        let separators = Set(", \t\r\n".utf8)
        let trimmed = longer[start..<end].drop { separators.contains($0) }
        return trimmed[..<(trimmed.lastIndex { !separators.contains($0) }.map { $0 + 1 } ?? trimmed.startIndex)]
    }
}
