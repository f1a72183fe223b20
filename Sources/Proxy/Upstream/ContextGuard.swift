import LaunchPlan
import Messages

/// A prompt that cannot fit is refused before it is sent, where its tokens can be counted exactly.
///
/// A worker of ours knows its own window and refuses at once; others may cut the prompt in silence, or not know of the smaller window that
/// the plan gives them. A token has at least one byte: a body that has fewer bytes than the window tokens is not counted.
struct ContextGuard: Sendable {
    let upstreams: Upstreams
    let backend: ResolvedBackend
    let request: MessagesRequest
    /// Of the body.
    let bytes: Int

    /// - Returns: tokens that are left for the answer; nil where nothing was counted.
    /// - Throws: 400 in the words by which clients shorten their conversation.
    func answerRoom(at location: UpstreamLocation) async throws -> Int? {
        guard case .url = backend.settings.target, let window = backend.settings.contextWindow, bytes > window,
            backend.dialect.tokenCounting != .unavailable
        else { return nil }
        let tokens = try await TokenCounter(upstreams: upstreams, backend: backend, request: request).count(at: location)
        guard tokens < window else { throw .invalid("prompt is too long: \(tokens) tokens > \(window) maximum") as AnthropicError }
        return window - tokens
    }
}
