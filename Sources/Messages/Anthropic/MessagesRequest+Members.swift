import JSON

extension MessagesRequest {
    static func list(_ json: JSON?, _ name: String) throws(AnthropicError) -> [JSON] {
        switch json {
        case nil, .null?: return []
        case .array(let elements)?: return elements
        case .some(let value): throw .invalid("\(name): Input should be a valid list, found \(value.typeName)")
        }
    }

    static func toolChoice(_ json: JSON?) throws(AnthropicError) -> ToolChoice? {
        guard let json, !json.isNull else { return nil }
        switch json["type"]?.stringValue {
        case "auto": return .auto
        case "any": return .any
        case "none": return ToolChoice.none
        case "tool":
            guard let name = json["name"]?.stringValue else { throw .invalid("tool_choice.tool.name: Field required") }
            return .tool(name)
        default: throw .invalid("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'")
        }
    }

    /// A call can be demanded of what is offered only.
    func checkToolChoice() throws(AnthropicError) {
        switch toolChoice {
        case .any? where tools.isEmpty: throw .invalid("tool_choice: any may only be specified while providing tools")
        case .tool(let name)? where !tools.contains { $0["name"]?.stringValue == name }:
            throw .invalid("tool_choice.tool.name: the tool '\(name)' is not among the tools of the request")
        default: break
        }
    }

    static func stopSequences(_ json: JSON?) throws(AnthropicError) -> [String] {
        var stops: [String] = []
        for (index, stop) in try list(json, "stop_sequences").enumerated() {
            guard let text = stop.stringValue else { throw .invalid("stop_sequences.\(index): Input should be a valid string") }
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw .invalid("stop_sequences.\(index): each stop sequence must contain non-whitespace")
            }
            stops.append(text)
        }
        return stops
    }

    /// Unknown kinds of thinking count as on: newer clients send them to models that think.
    static func thinking(_ json: JSON?) -> Thinking {
        guard let type = json?["type"]?.stringValue, type != "disabled" else { return .off }
        return .on(budget: json?["budget_tokens"]?.intValue)
    }

    /// A system turn may set the effort of the answer that follows it.
    static func effort(_ json: JSONObject, _ messages: [JSON]) -> String? {
        for message in messages.reversed() {
            guard message["role"] != "assistant" else { break }
            if message["role"] == "system", let effort = message["output_config"]?["effort"]?.stringValue { return effort }
        }
        return json["output_config"]?["effort"]?.stringValue
    }

    static func checkSampling(_ json: JSONObject, _ version: APIVersion) throws(AnthropicError) {
        for (key, most) in [("temperature", 2), ("top_p", 1), ("top_k", Double(Int32.max))] {
            guard let value = json[key], !value.isNull else { continue }
            guard version == .of2023 else {
                throw .invalid(
                    "\(key): Extra inputs are not permitted with anthropic-version 2026-10-21; sampling is set where the model is configured")
            }
            guard let number = value.doubleValue, number >= 0, number <= most, key != "top_k" || value.intValue != nil else {
                throw .invalid("\(key): Input should be \(key == "top_k" ? "an integer" : "a number") from 0 to \(Int(most))")
            }
        }
    }
}
