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
            guard let index = earlier.messages.indices.first(where: { $0 >= later.messages.count || earlier.messages[$0] != later.messages[$0] })
            else { return nil }
            let (before, now) = (earlier.messages[index].text, later.messages.indices.contains(index) ? later.messages[index].text : "nothing")
            let common = zip(before.utf8, now.utf8).prefix { $0 == $1 }.count
            func around(_ text: String) -> String { String(decoding: text.utf8.dropFirst(max(0, common - 60)).prefix(200), as: UTF8.self) }
            return "\(place): message \(index) was …\(around(before))…, and is …\(around(now))…"
        }
    }
}
