import Hummingbird
import JSON
import Messages

/// `/v1/anyclaude/cache`: what the layers have done, why one was missed, and an end to what they hold.
struct CacheEndpoint: Sendable {
    static let path = "/v1/anyclaude/cache"

    let assembly: ProxyAssembly
    /// The caller has shown the token, or came through the socket that only the proxy's owner can open.
    let isTrusted: Bool

    func respond(_ request: Request, _ requestID: String) async throws -> Response {
        switch (request.method, request.uri.path.dropFirst(Self.path.count)) {
        case (.get, ""): return Answers.json(await assembly.cacheReport())
        case (.get, "/explain"):
            try requireTrust()
            let name = request.uri.queryParameters.get("request") ?? "last"
            guard let explanation = assembly.upstreams.history.explanation(of: name) else {
                throw AnthropicError(
                    .notFound, "no prompt is remembered \(name == "last" ? "yet" : "under `\(name)`"): the latest are, while this proxy runs",
                    shouldRetry: false)
            }
            return Answers.json(explanation, requestID: requestID)
        case (.post, "/clear"):
            try requireTrust()
            return Answers.json(try await clear(), requestID: requestID)
        case (.post, "/clear-session"):
            try requireTrust()
            return Answers.json(try await clear(try await session(of: request)), requestID: requestID)
        default: throw AnthropicError(.notFound, "there is no \(request.method.rawValue) \(request.uri.path) here", shouldRetry: false)
        }
    }

    /// Others' requests are not for everybody who can open a port of this machine.
    private func requireTrust() throws(AnthropicError) {
        guard isTrusted else {
            throw AnthropicError(
                .permission, "this needs the proxy's token, or its private socket: `anyclaude cache` asks there; with `proxy.authToken` set, show it",
                shouldRetry: false)
        }
    }

    /// Layers 1 and 2, and what is remembered of prompts. Layer 3 is its servers' own.
    private func clear() async throws -> JSON {
        assembly.upstreams.prompts.clear()
        assembly.upstreams.history.clear()
        assembly.counts.clear()
        let waiting = assembly.generations.clear()
        let kept = try await assembly.responses.clear()
        return ["responses": .integer(kept.entries), "bytes": .integer(kept.bytes), "undelivered": .integer(waiting)]
    }

    /// `{"session": "…"}`. What is said wrong must not become a request to forget all.
    private func session(of request: Request) async throws -> SessionName {
        let body = try await request.collectedBody(upTo: 4096).flatMap { try? JSON(parsing: Array($0.readableBytesView)) }
        guard let session = body?["session"]?.stringValue.flatMap(SessionName.init) else { throw AnthropicError.invalid("session: Field required") }
        return session
    }

    /// The answers and prompts of one session. What layer 1 holds has nobody's name, and is made again at the next request: all of it goes.
    private func clear(_ session: SessionName) async throws -> JSON {
        assembly.upstreams.prompts.clear()
        assembly.counts.clear()
        let prompts = assembly.upstreams.history.clear(session)
        let waiting = assembly.generations.clear(session.mayCover)
        let kept = try await assembly.responses.clear(session)
        return [
            "session": .string(session.text), "responses": .integer(kept.entries), "bytes": .integer(kept.bytes), "undelivered": .integer(waiting),
            "prompts": .integer(prompts),
        ]
    }
}
