import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore

/// What an answer of the Anthropic API that passes through tells of itself: read beside its bytes, which stay as they are.
struct PassedAnswer: Sendable {
    private var parser: SSEParser?
    /// Of an answer that is no stream.
    private var body: [UInt8] = []
    private var isReadable = true
    private(set) var usage = MessageUsage()
    private(set) var model: String?
    private(set) var stop: String?
    private(set) var error: AnthropicError.Kind?
    /// A whole answer that is longer is not read.
    private static let longestBody = 4 << 20

    /// Nil where its bytes are encoded, or are none of the API's documents.
    init?(_ response: Response) {
        guard (response.headers[.contentEncoding] ?? "identity").lowercased() == "identity" else { return nil }
        let type = response.headers[.contentType]?.lowercased() ?? ""
        if type.hasPrefix("text/event-stream") {
            parser = SSEParser()
        } else if !type.hasPrefix("application/json") {
            return nil
        }
    }

    mutating func take(_ buffer: ByteBuffer) {
        guard isReadable else { return }
        guard parser != nil else {
            isReadable = body.count + buffer.readableBytes <= Self.longestBody
            if isReadable { body.append(contentsOf: buffer.readableBytesView) }
            return
        }
        do {
            let events = try buffer.withUnsafeReadableBytes { try parser?.feed($0) } ?? []
            for event in events where ["message_start", "message_delta", "error"].contains(event.name) { take(event) }
        } catch {
            isReadable = false
        }
    }

    private mutating func take(_ event: ServerSentEvent) {
        guard let json = try? JSON(parsing: event.data) else { return }
        let message = json["message"]
        model = message?["model"]?.stringValue ?? model
        stop = json["delta"]?["stop_reason"]?.stringValue ?? stop
        error = json["error"]?["type"]?.stringValue.flatMap(AnthropicError.Kind.init) ?? error
        add(message?["usage"] ?? json["usage"])
    }

    /// Later counts are of the whole answer; one that is left out stays as it was.
    private mutating func add(_ counts: JSON?) {
        let new = MessageUsage(counts)
        usage.input = max(usage.input, new.input)
        usage.output = max(usage.output, new.output)
        usage.cacheCreation = max(usage.cacheCreation, new.cacheCreation)
        usage.cacheRead = max(usage.cacheRead, new.cacheRead)
        usage.cost = new.cost ?? usage.cost
    }

    mutating func finish() {
        guard parser == nil, isReadable, !body.isEmpty, let json = try? JSON(parsing: body) else { return }
        model = json["model"]?.stringValue
        stop = json["stop_reason"]?.stringValue
        error = json["error"]?["type"]?.stringValue.flatMap(AnthropicError.Kind.init)
        add(json["usage"])
        if let count = json["input_tokens"]?.intValue { usage.input = count }
    }
}
