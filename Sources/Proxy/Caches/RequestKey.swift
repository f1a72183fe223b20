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
    /// again wants the same.
    let mayShare: Bool

    /// Members that change nothing in an answer.
    private static let ignored: Set<String> = ["metadata", "stream", "diagnostics", "service_tier", "cache_control", "context_management"]

    /// - Parameters:
    ///   - session: who asks (session and agent, by the client's headers); nil where the client does not say.
    ///   - isRetry: the client says that it asks again.
    init(_ request: MessagesRequest, backend: ResolvedBackend, session: String?, isRetry: Bool) {
        var normalised = JSONObject()
        for member in request.json.members where !Self.ignored.contains(member.key) {
            normalised[member.key] = member.key == "system" ? Self.system(member.value) : Self.withoutBreakpoints(member.value)
        }
        let source: JSON = [
            "backend": .string(backend.name), "dialect": .string(backend.dialect.name), "model": backend.settings.model.map(JSON.string) ?? .null,
            "target": .string("\(backend.settings.target)"), "request": .object(normalised),
        ]
        digest = Digest.hex(source.bytes)
        isDeterministic = request.json["temperature"]?.doubleValue == 0 && request.thinking == .off
        sharing = isDeterministic ? digest : digest + "/" + (session ?? "")
        mayShare = isDeterministic || session != nil || isRetry
    }

    /// Without the block that differs in each session and never reaches a model.
    private static func system(_ json: JSON) -> JSON {
        guard let blocks = json.arrayValue else { return json }
        return .array(blocks.filter { $0["text"]?.stringValue?.hasPrefix("x-anthropic-billing-header:") != true }.map(withoutBreakpoints))
    }

    private static func withoutBreakpoints(_ json: JSON) -> JSON {
        switch json {
        case .array(let elements): return .array(elements.map(withoutBreakpoints))
        case .object(let object):
            var result = JSONObject()
            for member in object.members where member.key != "cache_control" { result[member.key] = withoutBreakpoints(member.value) }
            return .object(result)
        default: return json
        }
    }
}
