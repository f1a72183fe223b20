import Hummingbird

extension RequestKey.Asker {
    /// By the headers of a request.
    init(_ request: Request) {
        let shown = request.headers.compactMap { Access.credential($0.name.canonicalName, $0.value) }
        // The same key may stand in two headers, or in another one next time.
        credential = Digest.hex(Array(Set(shown).sorted().joined(separator: "\n").utf8))
        let session = ["x-claude-code-session-id", "x-claude-code-agent-id"].compactMap { request.headers.value($0) }.joined(separator: "/")
        self.session = session.isEmpty ? nil : session
    }
}
