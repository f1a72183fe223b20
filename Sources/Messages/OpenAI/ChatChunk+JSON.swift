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
        usage = json["usage"].flatMap(OpenAI.Usage.init)
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
        finishReason = json["finish_reason"]?.stringValue.flatMap { $0.isEmpty ? nil : OpenAI.FinishReason(rawValue: $0) }
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
        content = json["content"]?.stringValue
        reasoning = json["reasoning_content"]?.stringValue ?? json["reasoning"]?.stringValue
        toolCalls = json["tool_calls"]?.arrayValue?.enumerated().map { OpenAI.ChatChunk.ToolCallDelta($1, position: $0) } ?? []
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
