import JSON
import Messages

/// How a grammar writes the calls of a dialect.
enum CallNotation: Sendable {
    /// What `ToolCallDialect.callOpening` begins, the arguments as a JSON object, and a closing. Where the closing is not known the
    /// answer ends with the arguments, and has one call.
    case json(closing: String?)
    case tags(TagNotation)

    /// - Returns: nil for a dialect whose arguments cannot be written here.
    init?(_ dialect: any ToolCallDialect) {
        switch dialect.name {
        case "hermes": self = .json(closing: "}\n</tool_call>")
        case "qwen3-coder": self = .tags(.qwenCoder)
        default:
            guard Self.readsJSONArguments(dialect) else { return nil }
            self = .json(closing: nil)
        }
    }

    var allowsSeveral: Bool { if case .json(closing: nil) = self { false } else { true } }

    /// Tried out: the dialect's own reader must find the arguments that a call is given.
    private static func readsJSONArguments(_ dialect: any ToolCallDialect) -> Bool {
        let tool: JSON = ["function": ["name": "probe", "parameters": ["properties": ["a": ["type": "integer"]]]]]
        let tools = ToolSchemas(tool.objectValue.map { [OpenAI.Tool(members: $0)] } ?? [])
        var parser = OutputParser(.init(dialect: dialect, tools: tools)) { _ in "" }
        var answer = AnswerAssembly()
        answer.add(parser.read(withoutBrace(dialect.callOpening(name: "probe")) + "{\"a\": 1}"))
        answer.add(parser.finish(isComplete: true))
        let message = answer.message
        guard message.toolCalls.count == 1, let call = message.toolCalls.first, message.content?.stringValue == nil else { return false }
        return call.json["function"]?["name"] == "probe"
            && call.json["function"]?["arguments"]?.stringValue.flatMap { try? JSON(parsing: $0) } == ["a": 1]
    }

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

    static let qwenCoder = TagNotation(
        blockOpener: "<tool_call>\n", functionOpener: "<function=", nameEnd: ">\n", parameterOpener: "<parameter=", parameterNameEnd: ">\n",
        valueEnd: "</parameter>", parameterCloser: "\n</parameter>\n", functionCloser: "</function>\n", blockCloser: "</tool_call>")
}
