import HTTPTypes
import JSON
import LaunchPlan
import Serving

/// What a request is to its client's conversation, by what Claude Code 2.1 sends (facts on the client, sections 1 to 3).
///
/// Other clients do not say: without a session of Claude Code every request is a turn of a conversation.
extension ProxySettings.Call {
    /// - Parameters:
    ///   - body: the parsed body.
    ///   - bytes: its length.
    ///   - isCount: it came to `/v1/messages/count_tokens`.
    init(_ body: JSON, headers: HTTPFields, bytes: Int, isCount: Bool = false) {
        var kinds: Set<ProxySettings.CallKind> = isCount ? [.count] : []
        let isOfClient = headers.value("x-claude-code-session-id") != nil
        // A count is of one part of a conversation, whatever else it lacks.
        if isOfClient, !isCount, Self.isSideCall(body) {
            kinds.insert(.side)
            if Self.namesSession(body) { kinds.insert(.title) }
        } else {
            kinds.insert(headers.value("x-claude-code-agent-id") != nil ? .subagent : .main)
        }
        self.init(model: body["model"]?.stringValue ?? "", kinds: kinds, bytes: bytes)
    }

    /// A conversation offers tools; what the client asks beside it offers none, or the server's own search alone. Where the model has spoken
    /// before it is a conversation whatever it offers.
    private static func isSideCall(_ body: JSON) -> Bool {
        guard body["messages"]?.arrayValue?.contains(where: { $0["role"]?.stringValue == "assistant" }) != true else { return false }
        return (body["tools"]?.arrayValue ?? []).allSatisfy { $0["type"]?.stringValue?.hasPrefix("web_search") == true }
    }

    /// A title is asked for as an object of a schema that has one.
    private static func namesSession(_ body: JSON) -> Bool {
        body["output_config"]?["format"]?["schema"]?["properties"]?["title"] != nil
    }
}
