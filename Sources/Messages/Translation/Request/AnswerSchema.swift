import JSON

/// The form that a request demands of its answer (`output_config.format`), and how a server is asked for it.
struct AnswerSchema {
    let schema: JSON
    let form: BackendDialect.ResponseFormat

    /// Nil where any answer will do.
    init?(_ request: MessagesRequest, prefix: RequestTranslation.Prefix, dialect: BackendDialect) {
        guard let format = request.json["output_config"]?["format"], format["type"]?.stringValue == "json_schema", let schema = format["schema"]
        else {
            return nil
        }
        self.schema = schema
        // Most servers would bind calls to the form of the answer, so that none could be made.
        let offersTools = !prefix.tools.isEmpty || !prefix.lateTools.isEmpty
        form = offersTools && !dialect.formatsBesideTools ? .instruction : dialect.responseFormat
    }

    /// Nil where it is asked for in words.
    var responseFormat: JSON? {
        switch form {
        case .openAI: ["type": "json_schema", "json_schema": ["name": "answer", "schema": schema, "strict": true]]
        case .llamaGrammar:
            [
                "type": "json_schema",
                "json_schema": [
                    "name": "answer", "schema": schema.objectValue.map { .object(LlamaSchema.rewritten($0, tellsDropped: false)) } ?? schema,
                    "strict": true,
                ],
            ]
        case .bareSchema: ["type": "json_schema", "json_schema": schema]
        case .instruction: nil
        }
    }

    /// Behind the last words, so that the prefix stays what it was.
    func instruct(in messages: inout [JSON]) {
        let words = "Answer with one JSON value that matches this schema, and nothing else:\n\(schema.text)"
        guard let last = messages.indices.last, var message = messages[last].objectValue, message["role"] == "user" else {
            return messages.append(["role": "user", "content": .string(words)])
        }
        switch message["content"] {
        case .string(let text)?: message["content"] = .string(text.isEmpty ? words : text + "\n\n" + words)
        case .array(let parts)?: message["content"] = .array(parts + [TextPart.json(words)])
        default: message["content"] = .string(words)
        }
        messages[last] = .object(message)
    }
}
