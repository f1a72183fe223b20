import Control
import JSON

/// One question and its streamed answer through `/v1/messages`, with what it cost in time and tokens.
struct ModelExchange {
    private let stream: EventStream
    private let timeoutMs: Int
    private let stopwatch: Stopwatch
    /// The first word of the model, shown or not.
    private(set) var firstWordMs: Int?
    private(set) var totalMs = 0
    private(set) var text = ""
    /// As the answer counts: the last word on each member.
    private(set) var usage: JSONObject = [:]

    /// - Parameters:
    ///   - body: without `stream`.
    ///   - timeoutMs: for each part of the answer.
    init(_ target: MessagesTarget, _ body: JSONObject, headers: [String: String] = [:], timeoutMs: Int) throws {
        var body = body
        body["stream"] = true
        self.timeoutMs = timeoutMs
        stopwatch = Stopwatch()
        stream = try target.http.events(
            target.request("/v1/messages", JSON.object(body).bytes, headers: headers), by: .after(milliseconds: timeoutMs))
    }

    /// Hands on each piece of text as it comes.
    mutating func run(_ show: (String) -> Void = { _ in }) throws {
        var isComplete = false
        // To the very end of the stream, so that the proxy does not take this client for one that has left.
        while let event = try stream.nextEvent(by: .after(milliseconds: timeoutMs)) {
            let data = (try? JSON(parsing: event.data)) ?? .null
            switch event.name {
            case "content_block_delta":
                if firstWordMs == nil { firstWordMs = stopwatch.elapsedMs }
                guard let piece = data["delta"]?["text"]?.stringValue else { continue }
                text += piece
                show(Text.printable(piece))
            case "message_start": take(data["message"]?["usage"])
            case "message_delta": take(data["usage"])
            case "message_stop":
                totalMs = stopwatch.elapsedMs
                isComplete = true
            case "error":
                throw CommandError(
                    "the model's answer broke off: \(data["error"]?["message"]?.stringValue ?? event.data)", hint: "`anyclaude logs` may tell why",
                    exitCode: ExitStatus.inputOutput)
            default: continue
            }
        }
        guard !isComplete else { return }
        throw CommandError("the answer ended before it was complete", hint: "`anyclaude logs` may tell why", exitCode: ExitStatus.inputOutput)
    }

    private mutating func take(_ counts: JSON?) {
        for member in counts?.objectValue ?? [:] { usage[member.key] = member.value }
    }

    private func count(_ key: String) -> Int { usage[key]?.intValue ?? 0 }
    var promptTokens: Int { count("input_tokens") + cachedTokens + count("cache_creation_input_tokens") }
    var cachedTokens: Int { count("cache_read_input_tokens") }
    var answerTokens: Int { count("output_tokens") }

    func summary(_ model: String) -> String {
        let first = firstWordMs.map { "first token after \(Text.duration(milliseconds: $0)), " } ?? ""
        return "\(model): \(first)all after \(Text.duration(milliseconds: totalMs)); prompt \(promptTokens) tokens "
            + "(\(cachedTokens) from the cache), answer \(answerTokens) tokens"
    }
}
