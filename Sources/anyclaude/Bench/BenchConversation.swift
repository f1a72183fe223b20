import Control
import JSON

/// One conversation with a backend, turn by turn, as a client holds it.
struct BenchConversation {
    let target: MessagesTarget
    let model: String
    let answerTokens: Int
    let timeoutMs: Int
    private let headers: [String: String]
    private var messages: [JSON] = []

    /// - Parameter id: of the session: requests of one session are routed alike.
    init(_ target: MessagesTarget, model: String, answerTokens: Int, timeoutMs: Int, id: String) {
        self.target = target
        self.model = model
        self.answerTokens = answerTokens
        self.timeoutMs = timeoutMs
        // An answer from a cache of answers would say nothing of the backend.
        headers = ["x-anyclaude-cache": "bypass", "x-session-id": id]
    }

    private func body(_ messages: [JSON]) -> JSONObject {
        ["model": .string(model), "max_tokens": .integer(answerTokens), "messages": .array(messages)]
    }

    private static func turn(_ role: String, _ text: String) -> JSON { ["role": .string(role), "content": .string(text)] }

    /// Tokens of a first turn by the backend's own tokenizer; nil where nobody can be asked.
    func count(_ text: String) throws -> Int? {
        var body = body([Self.turn("user", text)])
        body["max_tokens"] = nil
        do throws(ControlClientError) {
            let request = target.request("/v1/messages/count_tokens", JSON.object(body).bytes)
            return try target.http.document(request, by: .after(milliseconds: timeoutMs))["input_tokens"]?.intValue
        } catch {
            if error.kind == .refused(status: 404) { return nil }
            throw error
        }
    }

    /// Tokens of a first turn, by asking it and reading what the answer says it was.
    func countByAsking(_ text: String) throws -> Int? {
        var body = body([Self.turn("user", text)])
        body["max_tokens"] = 1
        var exchange = try ModelExchange(target, body, headers: headers, timeoutMs: timeoutMs)
        try exchange.run()
        return exchange.promptTokens > 0 ? exchange.promptTokens : nil
    }

    /// Asks, and keeps question and answer.
    mutating func ask(_ text: String) throws -> ModelExchange {
        let turns = messages + [Self.turn("user", text)]
        var exchange = try ModelExchange(target, body(turns), headers: headers, timeoutMs: timeoutMs)
        try exchange.run()
        // A conversation without words of the assistant is none that the API takes.
        messages = turns + [Self.turn("assistant", exchange.text.isEmpty ? "Yes." : exchange.text)]
        return exchange
    }
}
