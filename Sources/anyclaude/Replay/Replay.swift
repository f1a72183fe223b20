import Control
import JSON
import Messages

/// Sends a captured request again, and holds the answer against the one that its client got.
struct Replay {
    struct Outcome {
        var id: String
        var target: String
        /// What the answer was; nil where there was none to compare.
        var shape: AnswerShape?
        var differences: [String] = []
        /// Why it was not sent.
        var skipped: String?
        var elapsedMs = 0
    }

    let target: MessagesTarget
    /// In the place of the model that was asked for.
    let model: String?
    let isExact: Bool
    let timeoutMs: Int

    /// What the client said of itself and of what it understands; the rest is of one connection, or opens something.
    private static let kept = ["anthropic-", "x-claude-code-", "x-app", "user-agent", "x-session-id"]

    func run(_ exchange: RecordedExchange) throws -> Outcome {
        var outcome = Outcome(id: exchange.id, target: "\(exchange.request.method) \(exchange.request.target)")
        if let reason = Self.reasonNotToSend(exchange) {
            outcome.skipped = reason
            return outcome
        }
        let before: AnswerShape
        do throws(RecordedExchange.Fault) {
            guard let response = exchange.response else { return outcome }
            before = try AnswerShape(status: response.status, body: response.body)
        } catch {
            outcome.skipped = "what was captured cannot be compared: \(error)"
            return outcome
        }
        var headers: [String: String] = ["x-anyclaude-cache": "bypass", "x-anyclaude-replay": exchange.id]
        for field in exchange.request.headers where Self.kept.contains(where: field.name.hasPrefix) { headers[field.name] = field.value }
        let stopwatch = Stopwatch()
        let answer = try target.http.answer(
            to: target.request(exchange.request.target, try body(exchange.request.body), headers: headers), by: .after(milliseconds: timeoutMs))
        outcome.elapsedMs = stopwatch.elapsedMs
        do throws(RecordedExchange.Fault) {
            let shape = try AnswerShape(status: answer.status, body: answer.body)
            outcome.shape = shape
            outcome.differences = shape.differences(from: before, exactly: isExact)
        } catch {
            outcome.differences = ["\(error)"]
        }
        return outcome
    }

    static func reasonNotToSend(_ exchange: RecordedExchange) -> String? {
        if exchange.request.method != "POST" { return "it asks for nothing of a model" }
        return exchange.reasonNotToReplay
    }

    private func body(_ bytes: [UInt8]) throws -> [UInt8] {
        guard let model, var object = try? JSON(parsing: bytes).objectValue else { return bytes }
        object["model"] = .string(model)
        return JSON.object(object).bytes
    }
}

extension Replay.Outcome {
    var line: String {
        if let skipped { return "\(id)  \(target): skipped, \(skipped)" }
        let answer = shape.map { "\($0.status) \([$0.error ?? $0.stop, $0.outline].compactMap { $0 }.joined(separator: ", "))" } ?? "no answer"
        return "\(id)  \(target): \(answer)  \(Text.duration(milliseconds: elapsedMs))"
    }

    var json: JSON {
        var object: JSONObject = ["id": .string(id), "request": .string(target)]
        if let skipped {
            object["skipped"] = .string(skipped)
            return .object(object)
        }
        object["same"] = .bool(differences.isEmpty)
        object["differences"] = .array(differences.map(JSON.string))
        object["status"] = shape.map { .integer($0.status) }
        object["stop_reason"] = shape?.stop.map(JSON.string)
        object["content"] = shape.map { .string($0.outline) }
        object["elapsed_ms"] = .integer(elapsedMs)
        return .object(object)
    }
}
