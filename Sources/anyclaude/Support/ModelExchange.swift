import Control
import JSON

/// One question and its streamed answer through `/v1/messages`, with what it cost in time and tokens.
struct ModelExchange {
    private let stream: EventStream
    private let timeoutMs: Int
    private let stopwatch: Stopwatch
    private let model: String
    private(set) var firstTextMs: Int?
    private(set) var totalMs = 0
    private var usage: JSONObject = [:]

    init(stack: StackClient, model: String, prompt: String, caller: Caller, timeoutMs: Int) throws {
        guard stack.address.settings.tls == nil else {
            throw CommandError(
                "the stack speaks TLS, which this command does not",
                hint: "ask with curl: \(stack.address.baseURL)/v1/messages", exitCode: ExitStatus.precondition)
        }
        var request = HTTPRequest.post(
            "/v1/messages",
            [
                "model": .string(model), "max_tokens": 256, "temperature": 0, "stream": true,
                "messages": [["role": "user", "content": .string(prompt)]],
            ])
        request.headers["anthropic-version"] = "2023-06-01"
        let token = try stack.token(caller)
        if let backend = stack.defaultBackend, backend.api == .anthropic, backend.apiKey == nil {
            guard let key = caller.environment["ANTHROPIC_API_KEY"], !key.isEmpty else {
                throw CommandError(
                    "the backend `\(backend.name)` needs your own credentials", hint: "set ANTHROPIC_API_KEY",
                    exitCode: ExitStatus.precondition)
            }
            request.headers["x-api-key"] = key
            request.headers[ClientEnvironment.tokenHeader] = token
        } else if let token {
            request.headers["authorization"] = "Bearer \(token)"
        }
        let http = HTTPClient(host: stack.address.reachableHost, port: stack.address.port)
        self.model = model
        self.timeoutMs = timeoutMs
        stopwatch = Stopwatch()
        stream = try http.events(request, by: .after(milliseconds: timeoutMs))
    }

    /// Hands on each piece of text as it comes.
    mutating func run(_ show: (String) -> Void) throws {
        var isComplete = false
        // To the very end of the stream, so that the proxy does not take this client for one that has left.
        while let event = try stream.nextEvent(by: .after(milliseconds: timeoutMs)) {
            let data = (try? JSON(parsing: event.data)) ?? .null
            switch event.name {
            case "content_block_delta":
                guard let text = data["delta"]?["text"]?.stringValue else { continue }
                if firstTextMs == nil { firstTextMs = stopwatch.elapsedMs }
                show(Text.printable(text))
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

    var summary: String {
        func count(_ key: String) -> Int { usage[key]?.intValue ?? 0 }
        let first = firstTextMs.map { "first token after \(Text.duration(milliseconds: $0)), " } ?? ""
        return "\(model): \(first)all after \(Text.duration(milliseconds: totalMs)); prompt "
            + "\(count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens")) tokens "
            + "(\(count("cache_read_input_tokens")) from the cache), answer \(count("output_tokens")) tokens"
    }
}
