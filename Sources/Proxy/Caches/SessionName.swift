/// A session of a client, all of whose agents are meant with it, or one agent of it: `session` or `session/agent`.
struct SessionName: Sendable, Equatable {
    let text: String
    private static let longest = 256

    /// Nil where nothing can be called so.
    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
        self.text = text
    }

    /// - Parameter conversation: session and agent, as a caller has them.
    func covers(_ conversation: String) -> Bool { conversation == text || conversation.hasPrefix(text + "/") }

    /// Whether an answer under that key of `RequestKey.sharing` may be the session's: some have nobody's name.
    func mayCover(sharing key: String) -> Bool {
        guard let slash = key.firstIndex(of: "/") else { return true }
        return covers(String(key[key.index(after: slash)...]))
    }
}
