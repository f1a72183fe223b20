import Messages

/// The paths of the Anthropic API that are passed on.
///
/// With the client's own credential all below `/v1/` are: it could ask the API itself. With a key of the settings only what is for
/// messages, since whoever may use this proxy need not be allowed to use the rest of what the key opens.
enum PassedPaths {
    /// Each with all that is below it: batches and counts are below messages.
    private static let shared = ["/v1/messages", "/v1/models", "/v1/files", "/v1/skills", "/v1/complete"]

    /// - Throws: 404 in the API's words.
    static func check(_ path: String, usesOwnKey: Bool) throws(AnthropicError) {
        guard isPlain(path), !usesOwnKey || shared.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) else {
            let reason = usesOwnKey ? ": with the key of the configuration only messages, models, files and skills are passed on" : ""
            throw AnthropicError(.notFound, "there is no \(path.prefix(200)) here\(reason)", shouldRetry: false)
        }
    }

    /// Below `/v1/`, whoever reads it: no part leads upwards, in letters or in code.
    private static func isPlain(_ path: String) -> Bool {
        guard path.hasPrefix("/v1/") else { return false }
        return path.lowercased().split(separator: "/").allSatisfy { part in
            let decoded = part.replacing("%2e", with: ".")
            return decoded != "." && decoded != ".." && !decoded.contains("%2f") && !decoded.contains("%5c") && !decoded.contains("\\")
        }
    }
}
