import Hummingbird
import JSON
import Messages

/// Who asks, as far as a client says: Claude Code names its session and, in a sub-agent, the agent (facts on the client, section 2).
struct Caller: Sendable, Equatable {
    /// Session and agent; nil where the client names none.
    let conversation: String?
    /// What limits are counted by: the session, else the credential that was shown. Never the credential itself.
    let account: String

    /// The conversation by a name that says nothing to others, as long as 32 characters.
    var opaqueConversation: String? { conversation.map { String(Digest.hex(Array("anyclaude conversation \($0)".utf8)).prefix(32)) } }

    init(_ request: Request) {
        let session = request.headers.value("x-claude-code-session-id")
        let names = [session, request.headers.value("x-claude-code-agent-id")].compactMap { $0 }
        conversation = names.isEmpty ? nil : names.joined(separator: "/")
        let credential = request.headers.lazy.compactMap { Access.credential($0.name.canonicalName, $0.value) }.first
        account = session.map { "session \($0)" } ?? credential.map { "credential \(Digest.hex(Array($0.utf8)))" } ?? ""
    }
}
