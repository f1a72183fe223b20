import Control
import JSON
import LaunchPlan
import Messages

/// Which requests are the same, and what may be done with that.
struct RequestKey: Sendable {
    /// Of all that decides the answer.
    let digest: String
    /// The answer is the same each time: temperature 0, no thinking. Only then is it kept beyond its delivery.
    let isDeterministic: Bool
    /// What answers under way are found by: the request, and who asks where that matters.
    let sharing: String
    /// The request may get an answer that was begun for another one. Two who ask for samples each want their own; one who asks
    /// again wants the same, but only who says who he is can be known to ask again.
    let mayShare: Bool

    /// Members that change nothing in an answer.
    private static let ignored: Set<String> = ["metadata", "stream", "diagnostics", "service_tier", "cache_control", "context_management"]

    /// - Parameter session: who asks (session and agent, by the client's headers); nil where the client does not say.
    init(_ request: MessagesRequest, backend: ResolvedBackend, session: String?) {
        var normalised = JSONObject()
        for member in request.json.members where !Self.ignored.contains(member.key) {
            normalised[member.key] =
                switch member.key {
                case "system": Self.system(member.value)
                case "tools": Self.blocks(member.value)
                case "messages": Self.messages(member.value)
                default: member.value
                }
        }
        let source: JSON = [
            "backend": .string(backend.name), "dialect": .string(backend.dialect.name), "model": backend.settings.model.map(JSON.string) ?? .null,
            "target": .string("\(backend.settings.target)"), "request": .object(normalised),
            // What the translation makes of the request.
            "version": .string(Version.current), "window": Self.number(backend.settings.contextWindow),
            "longest": Self.number(backend.settings.maxOutputTokens), "sampling": backend.sampling.json,
            "extra": .object(backend.extraBody),
        ]
        digest = Digest.hex(source.bytes)
        let temperature = request.json["temperature"] ?? backend.sampling.values[.temperature]
        isDeterministic = temperature?.doubleValue == 0 && request.thinking == .off
        sharing = isDeterministic ? digest : digest + "/" + (session ?? "")
        mayShare = isDeterministic || session != nil
    }

    /// Without the block that differs in each session and never reaches a model.
    private static func system(_ json: JSON) -> JSON {
        guard let blocks = json.arrayValue else { return json }
        return self.blocks(.array(blocks.filter { $0["text"]?.stringValue?.hasPrefix("x-anthropic-billing-header:") != true }))
    }

    private static func messages(_ json: JSON) -> JSON {
        guard let messages = json.arrayValue else { return json }
        return .array(messages.map(withContent))
    }

    /// Without breakpoints, where the API has them: on tools, on blocks, and on the blocks of a tool's result. Deeper, the word is the
    /// conversation's own.
    private static func blocks(_ json: JSON) -> JSON {
        guard let blocks = json.arrayValue else { return json }
        return .array(
            blocks.map { block in
                guard var object = block.objectValue else { return block }
                object["cache_control"] = nil
                return object["type"]?.stringValue == "tool_result" ? withContent(.object(object)) : .object(object)
            })
    }

    private static func withContent(_ json: JSON) -> JSON {
        guard var object = json.objectValue, let content = object["content"] else { return json }
        object["content"] = blocks(content)
        return .object(object)
    }

    private static func number(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }

    /// The digest of an answer that is kept: the same words to another model are another question.
    func digest(answeredBy model: String) -> String { Digest.hex(Array("\(digest) \(model)".utf8)) }
}
