import JSON

/// A model in a server's list of models.
public struct OfferedModel: Sendable, Equatable {
    public var id: String
    /// Nil where the list does not say: then each of them answers.
    public var isLoaded: Bool?
    /// It computes vectors, not words.
    public var isEmbedding = false

    /// A request without a model's name may go to it.
    public var answers: Bool { isLoaded != false && !isEmbedding }

    /// Reads LM Studio's lists (`/api/v0/models`: `data[]` with `type` and `state`; `/api/v1/models`: `models[]` with `key` and
    /// `loaded_instances`) and OpenAI's (`data[]` with `id`).
    ///
    /// - Returns: nil for anything else.
    public static func list(_ json: JSON) -> [OfferedModel]? {
        if let models = json["data"]?.arrayValue {
            return models.compactMap { model in
                guard let id = model["id"]?.stringValue else { return nil }
                return OfferedModel(id: id, isLoaded: model["state"]?.stringValue.map { $0 == "loaded" }, isEmbedding: isEmbedding(model))
            }
        }
        return json["models"]?.arrayValue?.compactMap { model in
            guard let key = model["key"]?.stringValue, let loaded = model["loaded_instances"]?.arrayValue else { return nil }
            // Requests name the instance, which may be called otherwise than its model.
            return OfferedModel(id: loaded.first?["id"]?.stringValue ?? key, isLoaded: !loaded.isEmpty, isEmbedding: isEmbedding(model))
        }
    }

    private static func isEmbedding(_ model: JSON) -> Bool { model["type"]?.stringValue?.hasPrefix("embedding") == true }

    /// What is said where no model would answer: what there is, and what to do.
    public static func noneLoaded(_ models: [OfferedModel], at base: String, _ backend: String) -> AnthropicError {
        let known = models.filter { !$0.isEmbedding }.map(\.id)
        let words =
            known.isEmpty
            ? "the server at \(base) has no model: load one there"
            : "the server at \(base) has no model loaded: load one there, or name one as `backends.\(backend).model` so that it is loaded when it is asked; "
                + "there are \(known.prefix(8).joined(separator: ", "))" + (known.count > 8 ? " and \(known.count - 8) more" : "")
        return AnthropicError(.notFound, words, shouldRetry: false)
    }
}
