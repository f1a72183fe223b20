import JSON

/// What a server that keeps its KV cache by prefix needs: each request of a conversation goes on where the one before ended.
enum PrefixStability {
    /// - Parameter requests: of one conversation, in their order.
    /// - Returns: the first place of each request that differs from the one before it.
    static func breaks(in requests: [UpstreamRequest]) -> [String] {
        zip(requests, requests.dropFirst()).enumerated().compactMap { number, pair in
            let (earlier, later) = pair
            let place = "request \(number + 2) of \(requests.count)"
            if earlier.body["tools"] != later.body["tools"] { return "\(place): the tools were \(earlier.toolNames), and are \(later.toolNames)" }
            let (old, new) = (earlier.messages.map(prompt), later.messages.map(prompt))
            guard let index = old.indices.first(where: { $0 >= new.count || old[$0] != new[$0] }) else { return nil }
            let (before, now) = (old[index].text, new.indices.contains(index) ? new[index].text : "nothing")
            let common = zip(before.utf8, now.utf8).prefix { $0 == $1 }.count
            func around(_ text: String) -> String { String(decoding: text.utf8.dropFirst(max(0, common - 60)).prefix(200), as: UTF8.self) }
            return "\(place): message \(index) was …\(around(before))…, and is …\(around(now))…"
        }
    }

    /// What of a message stands in the prompt: breakpoints of a cache do not, and a text alone is the same as a list of one.
    private static func prompt(_ message: JSON) -> JSON {
        guard var members = message.objectValue, let parts = members["content"]?.arrayValue else { return without(message) }
        let texts = parts.compactMap { $0["text"]?.stringValue }
        members["content"] = texts.count == parts.count ? .string(texts.joined(separator: "\n\n")) : .array(parts.map(without))
        return without(.object(members))
    }

    private static func without(_ json: JSON) -> JSON {
        guard var members = json.objectValue else { return json }
        members["cache_control"] = nil
        return .object(members)
    }
}
