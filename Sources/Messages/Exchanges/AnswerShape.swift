import JSON

/// What an answer of the Messages API is made of, as far as it can be compared with another one.
public struct AnswerShape: Sendable, Equatable {
    public struct Block: Sendable, Equatable {
        /// `text`, `thinking`, `tool_use`, or what the server says.
        public var kind: String
        /// Of a tool.
        public var name: String?
        /// The text, or a tool's input in canonical form.
        public var content: String
    }
    public var status: Int
    /// The type of an error, be it the whole answer or the end of a stream.
    public var error: String?
    public var stop: String?
    public var blocks: [Block]
    /// Of a count of tokens.
    public var inputTokens: Int?

    /// - Throws: where the body is neither a document nor a stream of the API.
    public init(status: Int, body: [UInt8]) throws(RecordedExchange.Fault) {
        self.status = status
        blocks = []
        if let json = try? JSON(parsing: body) {
            read(json)
            return
        }
        guard body.starts(with: Array("event:".utf8)) else { throw .init("the answer is neither JSON nor a stream of events") }
        var parser = SSEParser()
        var events: [ServerSentEvent]
        do throws(SSEError) {
            events = try parser.feed(body)
            if let last = try parser.finish() { events.append(last) }
        } catch { throw .init(error.message) }
        var isOver = false
        for event in events {
            guard let json = try? JSON(parsing: event.data) else { throw .init("an event of the answer is not JSON") }
            take(json)
            isOver = isOver || ["message_stop", "error"].contains(json["type"]?.stringValue)
        }
        guard isOver else { throw .init("the answer's stream has no end") }
        finish()
    }

    private mutating func read(_ json: JSON) {
        error = json["error"]?["type"]?.stringValue
        stop = json["stop_reason"]?.stringValue
        inputTokens = json["input_tokens"]?.intValue
        blocks = (json["content"]?.arrayValue ?? []).map { block in
            let kind = block["type"]?.stringValue ?? ""
            let content = block["input"].map(Self.canonical) ?? block[kind]?.stringValue ?? ""
            return Block(kind: kind, name: block["name"]?.stringValue, content: content)
        }
    }

    private mutating func take(_ event: JSON) {
        switch event["type"]?.stringValue {
        case "content_block_start":
            let block = event["content_block"]
            blocks.append(Block(kind: block?["type"]?.stringValue ?? "", name: block?["name"]?.stringValue, content: ""))
        case "content_block_delta":
            guard let index = event["index"]?.intValue, blocks.indices.contains(index) else { return }
            let delta = event["delta"]
            blocks[index].content += (delta?["text"] ?? delta?["thinking"] ?? delta?["partial_json"])?.stringValue ?? ""
        case "message_delta": stop = event["delta"]?["stop_reason"]?.stringValue
        case "error": error = event["error"]?["type"]?.stringValue ?? "error"
        default: break
        }
    }

    private mutating func finish() {
        for index in blocks.indices where blocks[index].kind == "tool_use" {
            blocks[index].content = (try? JSON(parsing: blocks[index].content)).map(Self.canonical) ?? blocks[index].content
        }
    }

    private static func canonical(_ json: JSON) -> String { String(decoding: json.canonicalBytes, as: UTF8.self) }

    /// What differs from an earlier answer; nothing where they are alike.
    ///
    /// - Parameter exactly: texts and inputs count too.
    public func differences(from earlier: AnswerShape, exactly: Bool) -> [String] {
        var found: [String] = []
        func compare(_ what: String, _ now: String?, _ before: String?) {
            if now != before { found.append("\(what) is \(now ?? "absent"), was \(before ?? "absent")") }
        }
        compare("status", String(status), String(earlier.status))
        compare("error", error, earlier.error)
        compare("stop_reason", stop, earlier.stop)
        compare("content", outline, earlier.outline)
        guard exactly, found.isEmpty else { return found }
        compare("input_tokens", inputTokens.map(String.init), earlier.inputTokens.map(String.init))
        for (index, (now, before)) in zip(blocks, earlier.blocks).enumerated() where now.content != before.content {
            let place = zip(now.content.unicodeScalars, before.content.unicodeScalars).prefix { $0 == $1 }.count
            found.append(
                "\(now.kind) \(index) differs from character \(place) on: \(Self.excerpt(now.content, place)), was \(Self.excerpt(before.content, place))"
            )
        }
        return found
    }

    /// As `text, tool_use(Bash)`.
    public var outline: String {
        blocks.isEmpty ? "nothing" : blocks.map { block in block.name.map { "\(block.kind)(\($0))" } ?? block.kind }.joined(separator: ", ")
    }

    private static func excerpt(_ text: String, _ place: Int) -> String { "`\(String(text.unicodeScalars.dropFirst(place).prefix(40)))`" }
}
