import JSON

extension OpenAI.ChatChunk {
    /// The chunk of a `data:` line. What is missing is empty: servers leave out much of it, and send lines that say nothing of the
    /// answer, such as progress.
    ///
    /// - Throws: the error that a server put into the stream in a chunk's place.
    public init(_ json: JSON) throws(OpenAI.Failure) {
        if let failure = OpenAI.Failure(insteadOfAnswer: json) { throw failure }
        id = json["id"]?.stringValue ?? ""
        model = json["model"]?.stringValue ?? ""
        created = json["created"]?.intValue ?? 0
        choices = json["choices"]?.arrayValue?.map(Choice.init) ?? []
        // Moonshot counts in the choice.
        usage = OpenAI.Usage(ofAnswer: json, usage: json["usage"]?.unlessNull ?? json["choices"]?[0]?["usage"])
    }

    public var json: JSON {
        OpenAI.envelope("chat.completion.chunk", id: id, created: created, model: model, choices: choices.map(\.json), usage: usage)
    }
}

extension OpenAI.ChatChunk.Choice {
    init(_ json: JSON) {
        index = json["index"]?.intValue ?? 0
        // Some servers send a whole `message` where a delta belongs.
        delta = OpenAI.ChatChunk.Delta(json["delta"] ?? json["message"] ?? .null)
        // Servers say "" in each chunk where others say null.
        let reason = json["finish_reason"]?.stringValue.flatMap { $0.isEmpty ? nil : OpenAI.FinishReason(rawValue: $0) }
        finishReason = reason == .stop && delta.isRefusal ? .contentFilter : reason
        logprobs = json["logprobs"]?.unlessNull
        stopString = [json["stop_reason"], json["stopping_word"]].lazy.compactMap { $0?.stringValue }.first { !$0.isEmpty }
    }

    var json: JSON {
        OpenAI.choice(["index": .integer(index), "delta": delta.json], logprobs: logprobs, finish: finishReason, stopString: stopString)
    }
}

extension OpenAI.ChatChunk.Delta {
    init(_ json: JSON) {
        role = json["role"]?.stringValue
        let parts = Self.parts(of: json["content"])
        let refusal = json["refusal"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        isRefusal = refusal != nil
        content = parts.text ?? refusal
        reasoningDetails = json["reasoning_details"]?.arrayValue ?? []
        // Several at once are one text, said in each of the ways that clients know.
        reasoning =
            [json["reasoning_content"], json["reasoning"]].lazy.compactMap { $0?.stringValue }.first { !$0.isEmpty }
            ?? Self.text(of: reasoningDetails) ?? parts.thinking
        toolCalls = json["tool_calls"]?.arrayValue?.enumerated().map { OpenAI.ChatChunk.ToolCallDelta($1, position: $0) } ?? []
        if toolCalls.isEmpty, let call = json["function_call"]?.unlessNull {
            toolCalls = [OpenAI.ChatChunk.ToolCallDelta(["function": call], position: 0)]
        }
    }

    /// A text, or a list of parts as Mistral sends it: texts, and thinking with parts of its own.
    private static func parts(of content: JSON?) -> (text: String?, thinking: String?) {
        guard let list = content?.arrayValue else { return (content?.stringValue, nil) }
        var text = ""
        var thinking = ""
        for part in list {
            if let piece = part["text"]?.stringValue { text += piece }
            thinking += part["thinking"]?.stringValue ?? (part["thinking"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
        }
        return (text, thinking.isEmpty ? nil : thinking)
    }

    /// OpenRouter's: texts and summaries; what is encrypted says nothing.
    private static func text(of details: [JSON]) -> String? {
        let text = details.compactMap { $0["text"]?.stringValue ?? $0["summary"]?.stringValue }.joined()
        return text.isEmpty ? nil : text
    }

    /// Whether it is a piece of the answer.
    var says: Bool {
        content?.isEmpty == false || reasoning?.isEmpty == false
            || toolCalls.contains { !($0.name ?? "").isEmpty || !($0.arguments ?? "").isEmpty }
    }

    var json: JSON {
        var members: JSONObject = [:]
        members["role"] = role.map(JSON.string)
        members["content"] = content.map(JSON.string)
        members["reasoning_content"] = reasoning.map(JSON.string)
        if !toolCalls.isEmpty { members["tool_calls"] = .array(toolCalls.map(\.json)) }
        return .object(members)
    }
}

extension OpenAI.ChatChunk.ToolCallDelta {
    init(_ json: JSON, position: Int) {
        index = json["index"]?.intValue ?? position
        id = json["id"]?.stringValue
        name = json["function"]?["name"]?.stringValue
        let value = json["function"]?["arguments"]
        // An object in place of its text, as a few servers send it.
        arguments = value?.stringValue ?? value?.objectValue.map { JSON.object($0).text }
    }

    var json: JSON {
        var members: JSONObject = ["index": .integer(index)]
        members["id"] = id.map(JSON.string)
        if id != nil { members["type"] = "function" }
        var function: JSONObject = [:]
        function["name"] = name.map(JSON.string)
        function["arguments"] = arguments.map(JSON.string)
        members["function"] = .object(function)
        return .object(members)
    }
}
