import JSON
import Messages

/// `GET /v1/models` and `/v1/models/{id}`: each backend under an id that pickers show, as the API lists models.
struct ModelList {
    private let models: [JSON]

    init(_ table: BackendTable) {
        models = table.all.filter { $0.settings.api == .openai }.map { backend in
            let model = backend.settings.model ?? backend.name
            var object: JSONObject = [
                "type": "model", "id": .string(BackendTable.aliasPrefix + backend.name), "display_name": .string("\(model) (\(backend.name))"),
                // The API's own word for a date that is not known.
                "created_at": "1970-01-01T00:00:00Z",
            ]
            object["max_input_tokens"] = backend.settings.contextWindow.map(JSON.integer)
            object["max_tokens"] = backend.settings.maxOutputTokens.map(JSON.integer)
            return .object(object)
        }
    }

    func answer(path: String) throws(AnthropicError) -> JSON {
        let prefix = "/v1/models/"
        guard path.hasPrefix(prefix) else {
            return [
                "data": .array(models), "has_more": false, "first_id": models.first?["id"] ?? .null, "last_id": models.last?["id"] ?? .null,
            ]
        }
        let id = String(path.dropFirst(prefix.count))
        guard let model = models.first(where: { $0["id"]?.stringValue == id }) else {
            throw AnthropicError(.notFound, "there is no model `\(id)`; GET /v1/models lists them", shouldRetry: false)
        }
        return model
    }
}
