import Control
import JSON
import LaunchPlan
import Messages

/// Which requests are the same, and what may be done with that.
struct RequestKey: Sendable {
    /// Who asks, as far as answers are concerned.
    struct Asker: Sendable, Hashable {
        /// SHA-256 of the credentials that were shown; those of another are never answered from what this one has asked.
        var credential: String
        /// Session and agent by the client's headers; nil where the client does not say.
        var session: String?
    }
    /// Of all that decides the answer, and of who may have it.
    let digest: String
    /// Session and agent of who asks; empty where the client does not say.
    let session: String
    /// The answer is the same each time: temperature 0, no thinking.
    let isDeterministic: Bool
    /// The answer may be given again after its delivery.
    let mayBeKept: Bool
    /// What answers under way are found by: the request, and who asks where that matters.
    let sharing: String
    /// The request may get an answer that was begun for another one. Two who ask for samples each want their own; one who asks
    /// again wants the same, but only who says who he is can be known to ask again.
    let mayShare: Bool

    /// Members that change nothing in an answer.
    private static let ignored: Set<String> = ["metadata", "stream", "diagnostics", "service_tier", "cache_control", "context_management"]
    /// Members that have a treatment of their own.
    private static let apart: Set<String> = ["system", "tools", "messages"]

    /// - Parameters:
    ///   - version: the API's version that the client speaks.
    ///   - isSideCall: asked beside a conversation, as for its title.
    init(
        _ request: MessagesRequest, backend: ResolvedBackend, asker: Asker, version: String? = nil, isSideCall: Bool = false,
        policy: ProxySettings.ResponseCache.Policy? = nil
    ) {
        var digest = ContentDigest()
        digest.add([
            "asker": .string(asker.credential), "api": version.map(JSON.string) ?? .null,
            "backend": .string(backend.identity),
        ])
        digest.add(.string(request.parts?.head?.digest ?? Self.headDigest(request.json)))
        for member in request.json.members where !Self.ignored.contains(member.key) && !Self.apart.contains(member.key) {
            digest.add(.string(member.key))
            digest.add(member.value)
        }
        for message in request.parts?.messages ?? ContentDigest.ofMessages(request.json["messages"] ?? .null) { digest.add(.string(message)) }
        self.digest = digest.hex
        let temperature = request.json["temperature"] ?? backend.sampling.values[.temperature]
        isDeterministic = temperature?.doubleValue == 0 && request.thinking == .off
        mayBeKept = isDeterministic || (policy == .sideCalls && isSideCall)
        session = asker.session ?? ""
        sharing = isDeterministic ? self.digest : self.digest + "/" + session
        mayShare = isDeterministic || asker.session != nil
    }

    /// The digest of all that is a backend's own in an answer, and of what the translation makes of a request for it.
    static func identity(
        of settings: ProxySettings.Backend, _ dialect: BackendDialect, _ sampling: SamplingDefaults, _ extraBody: JSONObject
    ) -> String {
        var digest = ContentDigest()
        digest.add([
            "backend": .string(settings.name), "dialect": .string(dialect.name), "model": settings.model.map(JSON.string) ?? .null,
            "target": .string("\(settings.target)"), "version": .string(Version.current), "window": number(settings.contextWindow),
            "longest": number(settings.maxOutputTokens), "calls": settings.toolCallDialect.map { .string($0.rawValue) } ?? .null,
            "reasoning": settings.reasoningFormat.map { .string($0.rawValue) } ?? .null, "sampling": sampling.json,
            "extra": .object(extraBody),
        ])
        return digest.hex
    }

    /// The digest of tools and system, as the body's reader keeps it.
    private static func headDigest(_ json: JSONObject) -> String {
        BodyMember.tools.digest(of: json["tools"] ?? .null) + BodyMember.system.digest(of: json["system"] ?? .null)
    }

    private static func number(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }

    /// The digest of an answer that is kept: the same words to another model are another question.
    func digest(answeredBy model: String) -> String { Digest.hex(Array("\(digest) \(model)".utf8)) }
}
