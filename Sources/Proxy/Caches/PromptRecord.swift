import JSON
import Messages

/// What is remembered of one prompt: never its words.
struct PromptRecord: Sendable {
    /// The answer's id, by which clients name it.
    var message: String
    var request: String
    var asker: RequestKey.Asker
    var backend: String
    /// As it was asked for.
    var model: String
    /// Milliseconds since 1970.
    var time: Int
    /// Its model is that of one backend: another has computed nothing of what this one has.
    var outline: PromptOutline
    var bytes: Int
    /// What servers counted of this prompt and of its beginnings.
    var marks = TokenMarks()
    /// Tokens of the whole prompt, and of these found in the server's cache; nil where the server did not say.
    var promptTokens: Int?
    var cachedTokens: Int?
    /// What the backend's settings made of the request before it was sent: a list of steps.
    var shaping: JSON = []
    /// The kinds of tools that the request has and nobody behind the backend can run.
    var leftOut: [String] = []
    /// The request before it in its conversation, as far as that can be told, and where it parts from that.
    var earlier: Earlier?

    struct Earlier: Sendable {
        var message: String
        var request: String
        var time: Int
        /// Nil where nothing that was computed for it is lost.
        var loss: Loss?
        /// It was the beginning of this one.
        var isExtended: Bool
    }

    struct Loss: Sendable, Equatable {
        var divergence: PromptOutline.Divergence
        /// Tokens of the earlier prompt; nil where its server did not count them.
        var earlierTokens: Int?
        /// Of these, before the first difference.
        var shared: TokenMarks.Count?

        /// Tokens that were computed for the earlier prompt and do not serve this one.
        var tokens: Int? {
            guard divergence.section != .parameters, let earlierTokens, let shared else { return nil }
            return max(0, earlierTokens - shared.tokens)
        }
    }

    /// What of the earlier prompt's computation does not serve this one; nil where nothing is lost.
    func loss(from earlier: PromptRecord) -> Loss? {
        guard let divergence = outline.divergence(from: earlier.outline) else { return nil }
        return Loss(divergence: divergence, earlierTokens: earlier.promptTokens, shared: earlier.marks.tokens(at: divergence.sharedBytes))
    }
}
