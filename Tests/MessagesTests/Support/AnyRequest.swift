import JSON

/// Conversations of every kind of block and role, right and wrong ones: what a client, a switch of backends, or a mistake may send.
struct AnyRequest {
    var random: SeededGenerator
    /// Only what the API itself takes, so that each turn of the conversation is a request.
    var isProper: Bool
    private var number = 0
    private var openCalls: [String] = []

    init(seed: Int, isProper: Bool) {
        random = SeededGenerator(UInt64(seed))
        self.isProper = isProper
    }

    mutating func chance(_ times: Int, in total: Int) -> Bool { Int.random(in: 0..<total, using: &random) < times }
    mutating func one<Element>(of elements: [Element]) -> Element? { elements.randomElement(using: &random) }

    mutating func body() -> JSONObject {
        var body: JSONObject = ["model": "m", "max_tokens": .integer(Int.random(in: 0..<3, using: &random) * 100), "messages": .array(messages())]
        if chance(2, in: 3) { body["system"] = chance(1, in: 2) ? "You help." : .array([text(), text()]) }
        if chance(2, in: 3) { body["tools"] = .array(tools()) }
        let choices: [JSON] = [["type": "auto"], ["type": "any"], ["type": "none"], ["type": "tool", "name": "Run"]]
        if chance(1, in: 4) { body["tool_choice"] = one(of: choices) }
        let thinking: [JSON] = [["type": "adaptive"], ["type": "disabled"], ["type": "enabled", "budget_tokens": 1024]]
        if chance(1, in: 3) { body["thinking"] = one(of: thinking) }
        if chance(1, in: 5) { body["output_config"] = ["effort": "max", "format": ["type": "json_schema", "schema": ["type": "object"]]] }
        if chance(1, in: 5) { body["stop_sequences"] = .array((0..<Int.random(in: 0..<6, using: &random)).map { "stop \($0)" }) }
        if chance(1, in: 5) { body["temperature"] = 0 }
        return body
    }

    private mutating func tools() -> [JSON] {
        let schema: JSON = ["type": "object", "properties": ["p": ["type": "string", "pattern": "\\d+"]]]
        var tools: [JSON] = [
            ["name": "Run", "description": "runs", "input_schema": schema], ["name": "a.very odd/name", "input_schema": schema],
            ["name": "Late", "input_schema": schema, "defer_loading": true], ["name": "Later", "input_schema": schema, "defer_loading": true],
            ["type": "web_search_20260318", "name": "web_search"], ["type": "bash_20250124", "name": "bash"],
        ]
        tools.shuffle(using: &random)
        let wrong: [JSON] = [["name": "Run"], "x", ["type": "computer_20250124"], ["name": ""]]
        if !isProper, chance(1, in: 4) { tools.append(one(of: wrong) ?? .null) }
        return tools
    }

    mutating func messages() -> [JSON] {
        var messages: [JSON] = []
        for _ in 0..<Int.random(in: 1..<9, using: &random) {
            let last = messages.last?["role"]
            var roles = ["user", "assistant", "system"]
            if isProper {
                roles =
                    switch last {
                    case "user": openCalls.isEmpty ? ["assistant", "system", "user"] : ["user"]
                    case "system": openCalls.isEmpty ? ["assistant"] : ["user"]
                    case "assistant": openCalls.isEmpty ? ["user"] : ["user", "system"]
                    default: ["user"]
                    }
            }
            let role = one(of: roles) ?? "user"
            messages.append(["role": .string(role), "content": content(role)])
        }
        return messages
    }

    private mutating func content(_ role: String) -> JSON {
        if chance(1, in: 5), !(isProper && role == "user" && !openCalls.isEmpty) { return .string(chance(1, in: 6) ? "" : words()) }
        var blocks: [JSON] = []
        if role == "user" {
            var ids = openCalls
            if chance(1, in: 2) { ids.shuffle(using: &random) }
            if chance(1, in: 6), !ids.isEmpty, !isProper { ids.removeLast() }
            if chance(1, in: 8) { ids.append("nobody") }
            for id in ids { blocks.append(result(id)) }
            openCalls = isProper ? [] : openCalls.filter { !ids.contains($0) }
        }
        for _ in 0..<Int.random(in: blocks.isEmpty ? 0..<4 : 0..<2, using: &random) { blocks.append(block(role)) }
        return .array(blocks)
    }

    private mutating func words() -> String {
        number += 1
        return "words \(number)"
    }

    private mutating func text() -> JSON {
        var block: JSONObject = ["type": "text", "text": .string(chance(1, in: 8) ? "" : words())]
        if chance(1, in: 4) { block["cache_control"] = ["type": "ephemeral"] }
        return .object(block)
    }

    private mutating func picture() -> JSON {
        let data: JSON = chance(1, in: 2) ? "iVBORw0KGgo" : "UklGRh4AAABXRUJQVlA4"
        let sources: [JSON] = [
            ["type": "base64", "media_type": "image/png", "data": data], ["type": "url", "url": "https://a.example/b.png"],
            ["type": "file", "file_id": "f"],
        ]
        return ["type": "image", "source": one(of: sources) ?? .null]
    }

    private mutating func result(_ id: String) -> JSON {
        let parts: [JSON] = [
            text(), picture(), ["type": "tool_reference", "tool_name": "Late"], ["type": "tool_reference", "tool_name": "Nowhere"],
            ["type": "search_result", "title": "T", "source": "s", "content": [["type": "text", "text": "found"]]],
            ["type": "document", "source": ["type": "text", "data": "d"]], ["type": "browser_state", "url": "https://a.example"],
        ]
        var block: JSONObject = ["type": "tool_result", "tool_use_id": .string(id), "is_error": .bool(chance(1, in: 4))]
        if chance(4, in: 5) { block["content"] = chance(1, in: 3) ? .string(words()) : .array(parts.filter { _ in chance(1, in: 3) }) }
        if chance(1, in: 5) { block["cache_control"] = ["type": "ephemeral"] }
        return .object(block)
    }

    private mutating func call() -> JSON {
        number += 1
        // Servers are known to number their calls from 0 in each answer.
        let id = !isProper && chance(1, in: 2) ? "call_0" : "t\(number)"
        openCalls.append(id)
        let inputs: [JSON] = [
            ["b": 1, "a": 2], [:], ["__unparsedToolInput": ["raw": "{\"a", "len": 3]], ["__unparsedToolInput": ["raw": "{\"a\":1}", "len": 7]],
        ]
        let name: JSON = .string(one(of: ["Run", "a.very odd/name", "Gone"]) ?? "")
        return ["type": "tool_use", "id": .string(id), "name": name, "input": one(of: inputs) ?? [:]]
    }

    private static let carrying =
        #"anyclaude.v1.x{"details":[{"type":"reasoning.encrypted","data":"d","id":"up"}],"calls":{"0":"up","7":"none"}}"#

    private mutating func block(_ role: String) -> JSON {
        if !isProper, chance(1, in: 40) {
            let wrong: [JSON] = ["x", ["type": 3], [:], call(), ["type": "text"], ["type": "document", "source": ["type": "file"]]]
            return one(of: wrong) ?? .null
        }
        let unknown: JSON = ["type": "hologram", "text": "h", "angle": 3]
        switch role {
        case "assistant":
            let server: JSON = ["type": "server_tool_use", "id": "s", "name": "web_search", "input": [:]]
            let later: JSON = ["tool_references": [["type": "tool_reference", "tool_name": "Later"]]]
            let found: JSON = ["type": "tool_search_tool_result", "tool_use_id": "s", "content": later]
            let signature: JSON = .string(one(of: ["", "anyclaude.v1.x", "Ep4B", Self.carrying]) ?? "")
            let thinking: JSON = ["type": "thinking", "thinking": .string(words()), "signature": signature]
            let kinds: [JSON] = [text(), thinking, ["type": "redacted_thinking", "data": "z"], server, found, unknown]
            return chance(1, in: 3) ? call() : one(of: kinds) ?? unknown
        case "system":
            let change: JSON = ["type": "tool_addition", "tool": ["type": "tool_reference", "name": "Late"]]
            let inline: JSON = ["name": "Inline", "input_schema": [:]]
            let definition: JSON = ["type": "tool_addition", "tool": ["type": "tool_definition", "definition": inline]]
            let removal: JSON = ["type": "tool_removal", "tool": ["type": "tool_reference", "name": "Run"]]
            return one(of: [text(), text(), change, definition, removal, unknown]) ?? unknown
        default:
            let document: JSON = ["type": "document", "title": "T", "source": ["type": "content", "content": [text(), picture()]]]
            return one(of: [text(), text(), picture(), document, unknown]) ?? unknown
        }
    }
}
