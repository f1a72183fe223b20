import JSON
import Messages

/// A conversation rendered by the model's own template, as tokens.
struct ConversationPrompt: Sendable {
    var tokens: [Int32]
    /// Whether the template has opened the block of reasoning.
    var startsInReasoning: Bool
}

extension ServedModel {
    func prompt(messages: [JSON], tools: [JSON], options: JSONObject) throws(OpenAI.Failure) -> ConversationPrompt {
        let late = try LateTools.all(of: messages)
        // How tools are called is told with those at the head: where there are none, the late ones stand there.
        let areLateAtHead = tools.isEmpty
        let tools = areLateAtHead ? late : tools
        guard let template = tools.isEmpty ? template : toolTemplate else {
            throw .invalidRequest("the checkpoint of `\(name)` has no chat template: use /v1/completions", code: "no_chat_template")
        }
        let rendered = try Self.forTemplate(messages, areLateAtHead: areLateAtHead, template)
        do {
            let text = try template.render(
                messages: rendered, tools: tools.isEmpty ? nil : tools, addGenerationPrompt: true, options: options)
            let startsInReasoning = PythonText.stripped(text, nil, left: false, right: true).hasSuffix("<think>")
            return ConversationPrompt(tokens: try tokenizer.encode(text), startsInReasoning: startsInReasoning)
        } catch {
            throw .invalidRequest("the model's chat template refuses the messages: \(error.message)", param: "messages", code: "template_error")
        }
    }

    /// - Parameter areLateAtHead: tools that messages bring are told with all others.
    static func forTemplate(_ messages: [JSON], areLateAtHead: Bool, _ template: ChatTemplate) throws(OpenAI.Failure) -> [JSON] {
        var rendered: [JSON] = []
        for (index, message) in messages.enumerated() {
            let own = areLateAtHead ? [] : try LateTools.of(message, index)
            let definitions = own.map { LateTools.definition(of: $0, in: template) }
            rendered.append(try forTemplate(message, index, definitions))
        }
        return rendered
    }

    /// A message as templates expect it: texts joined, arguments of calls as objects, so that the template writes them as it was trained.
    private static func forTemplate(_ message: JSON, _ index: Int, _ definitions: [String]) throws(OpenAI.Failure) -> JSON {
        guard case .object(var members) = message else { throw .invalidRequest("`messages[\(index)]` must be an object", param: "messages") }
        let text = try text(of: members["content"], index)
        members["content"] = .string(([text] + definitions).filter { !$0.isEmpty }.joined(separator: "\n"))
        members[Native.lateToolsMember] = nil
        if members["role"] == "developer" { members["role"] = "system" }
        if let reasoning = members["reasoning"], members["reasoning_content"] == nil { members["reasoning_content"] = reasoning }
        if case .array(let calls)? = members["tool_calls"] {
            members["tool_calls"] = .array(calls.map(withArgumentsAsObject))
        }
        return .object(members)
    }

    private static func text(of content: JSON?, _ index: Int) throws(OpenAI.Failure) -> String {
        switch content {
        case nil, .null?: return ""
        case .string(let text)?: return text
        case .array(let parts)?:
            var texts: [String] = []
            for part in parts {
                guard let text = part["text"]?.stringValue else {
                    let type = part["type"]?.stringValue ?? part.typeName
                    throw .invalidRequest(
                        "`messages[\(index)].content` has a part of type `\(type)`: this model reads text alone", param: "messages",
                        code: "unsupported_content")
                }
                texts.append(text)
            }
            return texts.joined(separator: "\n")
        case let other?:
            throw .invalidRequest("`messages[\(index)].content` must be a text or a list of parts, not \(other.typeName)", param: "messages")
        }
    }

    private static func withArgumentsAsObject(_ call: JSON) -> JSON {
        guard case .object(var members) = call, case .object(var function)? = members["function"],
            let text = function["arguments"]?.stringValue, let value = try? JSON(parsing: text), value.objectValue != nil
        else { return call }
        function["arguments"] = value
        members["function"] = .object(function)
        return .object(members)
    }
}
