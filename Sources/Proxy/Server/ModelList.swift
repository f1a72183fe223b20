import JSON
import Messages

/// `GET /v1/models` and `/v1/models/{id}`: each backend under an id that the pickers of clients show.
///
/// One shape for both APIs: the members of Anthropic's list and those of OpenAI's, whose SDKs pass over each other's.
struct ModelList {
    private let models: [JSON]

    /// - Parameter windows: tokens of prompt and answer together that a backend's server has said, by the backend's name.
    init(_ table: BackendTable, windows: [String: Int] = [:]) {
        models = table.all.filter { $0.settings.api == .openai }.map { backend in
            let model = backend.settings.model ?? backend.name
            var object: JSONObject = [
                "type": "model", "id": .string(BackendTable.aliasPrefix + backend.name), "display_name": .string("\(model) (\(backend.name))"),
                // The API's own word for a date that is not known.
                "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active", "object": "model", "created": 0, "owned_by": "anyclaude",
            ]
            object["max_input_tokens"] = (backend.settings.contextWindow ?? windows[backend.name]).map(JSON.integer)
            object["max_tokens"] = backend.settings.maxOutputTokens.map(JSON.integer)
            return .object(object)
        }
    }

    func model(_ id: String) throws(AnthropicError) -> JSON {
        guard let model = models.first(where: { $0["id"]?.stringValue == id }) else {
            throw AnthropicError(.notFound, "there is no model `\(id)`; GET /v1/models lists them", shouldRetry: false)
        }
        return model
    }

    /// A page of the list, as Anthropic's API cuts it.
    func page(limit: Int?, after: String?, before: String?) throws(AnthropicError) -> JSON {
        guard limit.map({ (1...1000).contains($0) }) ?? true else { throw .invalid("limit: Input should be from 1 to 1000") }
        // Clients of the other API know no pages.
        let limit = limit ?? 1000
        var page = models[...]
        if let after {
            page = models[min(try place(of: after) + 1, models.count)...].prefix(limit)
        } else if let before {
            page = models[..<(try place(of: before))].suffix(limit)
        } else {
            page = page.prefix(limit)
        }
        let hasMore = before != nil && after == nil ? page.startIndex > 0 : page.endIndex < models.count
        return [
            "object": "list", "data": .array(Array(page)), "has_more": .bool(hasMore), "first_id": page.first?["id"] ?? .null,
            "last_id": page.last?["id"] ?? .null,
        ]
    }

    private func place(of id: String) throws(AnthropicError) -> Int {
        guard let place = models.firstIndex(where: { $0["id"]?.stringValue == id }) else { throw .invalid("there is no model `\(id)` in the list") }
        return place
    }
}

extension ProxyAssembly {
    /// The windows of backends whose settings say none, as their servers say them; who does not answer at once is left out, as pickers
    /// wait for three seconds at most.
    func windows() async -> [String: Int] {
        await withTaskGroup(of: (String, Int)?.self) { group in
            for backend in backends.all where backend.settings.api == .openai && backend.settings.contextWindow == nil {
                group.addTask { [upstreams] in await upstreams.contextWindow(of: backend).map { (backend.name, $0) } }
            }
            return await group.reduce(into: [:]) { windows, found in if let found { windows[found.0] = found.1 } }
        }
    }
}
