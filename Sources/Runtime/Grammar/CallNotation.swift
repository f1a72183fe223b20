import JSON
import Messages

/// How a grammar writes the calls of a dialect.
enum CallNotation: Sendable {
    /// What `ToolCallDialect.callOpening` begins, the arguments as a JSON object, and `callClosing`.
    case json(closing: String, allowsSeveral: Bool)
    case tags(TagNotation)

    /// The notation that the dialect's own reader understands, found by trial: so a dialect is written here as soon as it is read there.
    ///
    /// - Returns: nil for a dialect whose arguments cannot be written here.
    init?(_ dialect: any ToolCallDialect) {
        let call = Self.withoutBrace(dialect.callOpening(name: Trial.name)) + Trial.json + dialect.callClosing
        if Trial.passes(dialect, call, calls: 1) {
            // Where nothing closes a call, the answer ends with it.
            self = .json(
                closing: dialect.callClosing, allowsSeveral: !dialect.callClosing.isEmpty && Trial.passes(dialect, call + "\n" + call, calls: 2))
        } else if let tags = TagNotation.all.first(where: { tags in
            let call = Trial.tagged(tags)
            return Trial.passes(dialect, call, calls: 1) && Trial.passes(dialect, call + "\n" + call, calls: 2)
        }) {
            self = .tags(tags)
        } else {
            return nil
        }
    }

    var allowsSeveral: Bool { if case .json(_, let allowsSeveral) = self { allowsSeveral } else { true } }

    /// An opening up to where the arguments begin: some have their first brace in it.
    static func withoutBrace(_ opening: String) -> String { opening.hasSuffix("{") ? String(opening.dropLast()) : opening }
}

/// A notation with tags around each argument, texts as they are, and everything else as JSON.
struct TagNotation: Sendable {
    var blockOpener: String
    var functionOpener: String
    var nameEnd: String
    var parameterOpener: String
    var parameterNameEnd: String
    /// What ends a value, wherever it comes.
    var valueEnd: String
    var parameterCloser: String
    var functionCloser: String
    var blockCloser: String

    static let all = [qwenCoder, glm, miniMax]

    static let glm = TagNotation(
        blockOpener: "<tool_call>", functionOpener: "", nameEnd: "\n", parameterOpener: "<arg_key>", parameterNameEnd: "</arg_key>\n<arg_value>",
        valueEnd: "</arg_value>", parameterCloser: "</arg_value>\n", functionCloser: "", blockCloser: "</tool_call>")

    static let miniMax = TagNotation(
        blockOpener: "<minimax:tool_call>\n", functionOpener: "<invoke name=\"", nameEnd: "\">\n", parameterOpener: "<parameter name=\"",
        parameterNameEnd: "\">", valueEnd: "</parameter>", parameterCloser: "</parameter>\n", functionCloser: "</invoke>\n",
        blockCloser: "</minimax:tool_call>")

    static let qwenCoder = TagNotation(
        blockOpener: "<tool_call>\n", functionOpener: "<function=", nameEnd: ">\n", parameterOpener: "<parameter=", parameterNameEnd: ">\n",
        valueEnd: "</parameter>", parameterCloser: "\n</parameter>\n", functionCloser: "</function>\n", blockCloser: "</tool_call>")
}

/// A call that a dialect's reader must understand as it is meant.
private enum Trial {
    static let name = "probe"
    private static let values: [(name: String, type: JSON, text: String, value: JSON)] = [
        ("t", "string", " a\n<b>\n", " a\n<b>\n"), ("e", "string", "", ""), ("i", "integer", "5", 5), ("b", "boolean", "true", true),
        ("n", ["string", "null"], "null", nil), ("s", ["string", "null"], "x", "x"), ("l", "array", "[1, \"<\"]", [1, "<"]),
        ("o", "object", "{\"a\": {}}", ["a": [:]]), ("d", "number", "-2.5", -2.5),
    ]
    private static var arguments: JSON { .object(JSONObject(values.map { .init(key: $0.name, value: $0.value) })) }

    static var json: String { arguments.text }

    static func tagged(_ tags: TagNotation) -> String {
        let parameters = values.map { tags.parameterOpener + $0.name + tags.parameterNameEnd + $0.text + tags.parameterCloser }
        return tags.blockOpener + tags.functionOpener + name + tags.nameEnd + parameters.joined() + tags.functionCloser + tags.blockCloser
    }

    static func passes(_ dialect: any ToolCallDialect, _ text: String, calls count: Int) -> Bool {
        let properties = JSON.object(JSONObject(values.map { .init(key: $0.name, value: ["type": $0.type]) }))
        let function: JSON = ["name": .string(name), "parameters": ["type": "object", "properties": properties]]
        var parser = OutputParser(.init(dialect: dialect, tools: ToolSchemas([OpenAI.Tool(members: ["function": function])]))) { _ in "" }
        var answer = AnswerAssembly()
        answer.add(parser.read(text))
        answer.add(parser.finish(isComplete: true))
        let message = answer.message
        return message.toolCalls.count == count && message.content?.stringValue == nil
            && message.toolCalls.allSatisfy { call in
                call.json["function"]?["name"] == .string(name)
                    && call.json["function"]?["arguments"]?.stringValue.flatMap { try? JSON(parsing: $0) } == arguments
            }
    }
}
