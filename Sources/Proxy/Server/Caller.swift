import Hummingbird
import JSON
import Messages

/// Who asks, as far as a client says: Claude Code names its session and, in a sub-agent, the agent (facts on the client, section 2).
struct Caller: Sendable, Equatable {
    /// Session and agent; nil where the client names none.
    let conversation: String?
    /// What limits are counted by: the session, else the credential that was shown. Never the credential itself.
    let account: String
    /// SHA-256 of all credentials that were shown, in no order: the same key may stand in two headers, or in another one next time.
    let credential: String

    /// Whose answers may be given to it again.
    var asker: RequestKey.Asker { RequestKey.Asker(credential: credential, session: conversation) }

    /// The conversation by a name that says nothing to others, as long as 32 characters.
    var opaqueConversation: String? { conversation.map { String(Digest.hex(Array("anyclaude conversation \($0)".utf8)).prefix(32)) } }

    private static func digest(_ credentials: [String]) -> String { Digest.hex(Array(credentials.joined(separator: "\n").utf8)) }

    init(_ request: Request) {
        let session = request.headers.value("x-claude-code-session-id")
        let names = [session, request.headers.value("x-claude-code-agent-id")].compactMap { $0 }
        conversation = names.isEmpty ? nil : names.joined(separator: "/")
        let shown = Access.credentials(request.headers)
        credential = Self.digest(Set(shown).sorted())
        if let session {
            account = "session \(session)"
        } else if let first = shown.first {
            account = "credential \(shown.count == 1 ? credential : Self.digest([first]))"
        } else {
            account = ""
        }
    }
}
