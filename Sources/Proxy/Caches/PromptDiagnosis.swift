import JSON
import Messages

/// What is said of a prompt beside an earlier one, to clients and to people.
extension PromptHistory {
    /// A client's question after the loss.
    struct Question: Sendable {
        /// The request's own `diagnostics`.
        var asked: JSON
        var asker: RequestKey.Asker
    }

    /// The `diagnostics` of an answer (Messages API of 2026-10-21); null where nothing was lost, or the client named no earlier answer.
    ///
    /// - Parameter found: prompt tokens that the server found in its cache; nil where it did not say.
    func diagnostics(_ question: Question, message: String, found: Int?) -> JSON {
        guard let previous = question.asked["previous_message_id"]?.stringValue else { return .null }
        guard let record = record(message: message) else { return Self.reason("unavailable") }
        // What others have asked is nobody's business, not even that it exists.
        guard let earlier = self.record(message: previous), earlier.asker.credential == question.asker.credential else {
            return Self.reason("previous_message_not_found")
        }
        guard let loss = record.loss(from: earlier) else { return .null }
        guard let lost = loss.tokens, let all = loss.earlierTokens else { return Self.reason("unavailable") }
        // Where the server had more than the two have in common, it was not lost.
        return Self.reason(loss.reason, tokens: min(lost, max(0, all - (found ?? 0))))
    }

    private static func reason(_ type: String, tokens: Int? = nil) -> JSON {
        var reason: JSONObject = ["type": .string(type)]
        reason["cache_missed_input_tokens"] = tokens.map(JSON.integer)
        return ["cache_miss_reason": .object(reason)]
    }

    /// The answer to `GET /v1/anyclaude/cache/explain`.
    ///
    /// - Returns: nil where nothing is remembered under the name.
    func explanation(of name: String) -> JSON? {
        let found = find(name)
        if case .kept? = found.other {
            return ["request": .string(name), "result": "kept", "summary": "answered from the response cache: no model's server was asked"]
        }
        guard let record = found.record else { return nil }
        var object = record.json
        if case .shared? = found.other {
            object["request"] = .string(name)
            object["shares_answer_of"] = .string(record.request)
        }
        return .object(object)
    }
}

extension PromptRecord.Loss {
    /// The API's word.
    var reason: String {
        switch divergence.section {
        case .model: "model_changed"
        case .tools: "tools_changed"
        case .system: "system_changed"
        case .messages: "messages_changed"
        case .parameters: "unavailable"
        }
    }

    var json: JSONObject {
        var object: JSONObject = [
            "section": .string(divergence.section.rawValue), "change": .string(divergence.change.rawValue),
            "description": .string(divergence.description), "cache_miss_reason": .string(reason), "shared_bytes": .integer(divergence.sharedBytes),
            "lost_bytes": .integer(divergence.lostBytes),
        ]
        if let place = divergence.place { object["place"] = .string(place.description) }
        if let shared, divergence.section != .parameters {
            object["shared_tokens"] = .integer(shared.tokens)
            // The counts between which it lies.
            object["shared_tokens_between"] = [.integer(shared.least), .integer(shared.most)]
        }
        if let tokens { object["lost_tokens"] = .integer(tokens) }
        return object
    }
}

extension PromptRecord {
    /// `first`, `extends`, `repeats` or `differs`.
    private var result: String {
        guard let earlier else { return "first" }
        return earlier.loss != nil ? "differs" : earlier.isExtended ? "extends" : "repeats"
    }

    var json: JSONObject {
        var prompt: JSONObject = ["bytes": .integer(bytes), "pieces": .integer(outline.pieces.count)]
        prompt["tokens"] = promptTokens.map(JSON.integer)
        prompt["cached_tokens"] = cachedTokens.map(JSON.integer)
        var object: JSONObject = [
            "request": .string(request), "message": .string(message), "backend": .string(backend), "model": .string(model),
            "time_ms": .integer(time), "prompt": .object(prompt), "result": .string(result),
        ]
        if let session = asker.session { object["session"] = .string(session) }
        if let earlier {
            object["compared_with"] = [
                "request": .string(earlier.request), "message": .string(earlier.message), "time_ms": .integer(earlier.time),
            ]
            if let loss = earlier.loss { object["difference"] = .object(loss.json) }
        }
        object["shaping"] = shaping
        if !leftOut.isEmpty { object["left_out"] = .array(leftOut.map(JSON.string)) }
        object["summary"] = .string(summary)
        return object
    }

    /// For people.
    private var summary: String {
        let found: String
        switch (promptTokens, cachedTokens) {
        case (let prompt?, let cached?): found = "; its server found \(cached) of \(prompt) tokens in its cache"
        case (let prompt?, nil): found = "; its prompt has \(prompt) tokens, and its server does not say what it found in its cache"
        case (nil, _): found = ""
        }
        guard let earlier else { return "the first prompt of its conversation that is remembered" + found }
        guard let loss = earlier.loss else {
            return (earlier.isExtended ? "extends the prompt of \(earlier.request)" : "is the beginning of the prompt of \(earlier.request)") + found
        }
        let cost = loss.tokens.map { ": \($0) of its \(loss.earlierTokens ?? 0) tokens serve no more" } ?? ""
        return "parts from the prompt of \(earlier.request): \(loss.divergence.description)\(cost)\(found)"
    }
}
