import JSON

extension ChatTemplate {
    /// The template of a checkpoint: `chat_template.jinja`, else `chat_template.json`, else `chat_template` of `tokenizer_config.json`.
    ///
    /// - Parameter usesTools: where the checkpoint has several named templates, whether `tool_use` is wanted rather than `default`.
    /// - Returns: nil where it has none: such a checkpoint completes text, but does not chat.
    public static func ofCheckpoint(_ directory: String, usesTools: Bool = false) throws(RuntimeError) -> ChatTemplate? {
        let configPath = directory + "/tokenizer_config.json"
        let config = try ModelFile.jsonIfPresent(configPath)
        let specialTokens = Self.specialTokens(config)
        let jinjaPath = directory + "/chat_template.jinja"
        if let source = try ModelFile.text(jinjaPath) { return try make(source, specialTokens, jinjaPath) }
        let jsonPath = directory + "/chat_template.json"
        if let file = try ModelFile.jsonIfPresent(jsonPath), let source = try source(of: file["chat_template"], usesTools, jsonPath) {
            return try make(source, specialTokens, jsonPath)
        }
        guard let source = try source(of: config?["chat_template"], usesTools, configPath) else { return nil }
        return try make(source, specialTokens, configPath)
    }

    /// The template in `file`, with the special tokens of a checkpoint.
    public static func inFile(_ file: String, checkpoint directory: String) throws(RuntimeError) -> ChatTemplate {
        guard let source = try ModelFile.text(file) else { throw RuntimeError("no such file", file: file) }
        return try make(source, specialTokens(try ModelFile.jsonIfPresent(directory + "/tokenizer_config.json")), file)
    }

    private static func make(_ source: String, _ specialTokens: JSONObject, _ file: String) throws(RuntimeError) -> ChatTemplate {
        do {
            return try ChatTemplate(source: source, specialTokens: specialTokens)
        } catch {
            throw RuntimeError(error.message, hint: error.hint, file: file)
        }
    }

    /// One template, or a list of `{"name", "template"}`.
    private static func source(of json: JSON?, _ usesTools: Bool, _ file: String) throws(RuntimeError) -> String? {
        switch json {
        case nil, .null?: return nil
        case .string(let source)?: return source
        case .array(let elements)?:
            func named(_ name: String) -> String? {
                elements.first { $0["name"]?.stringValue == name }?["template"]?.stringValue
            }
            if let source = (usesTools ? named("tool_use") : nil) ?? named("default") { return source }
            throw RuntimeError("`chat_template` has no template named `default`", file: file)
        default: throw RuntimeError("`chat_template` is neither a text nor a list of named texts", file: file)
        }
    }

    /// The tokens that `tokenizer_config.json` names, as texts; they may be objects with `content`.
    private static func specialTokens(_ config: JSON?) -> JSONObject {
        var tokens: JSONObject = [:]
        for key in ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] {
            if let text = config?[key]?.stringValue ?? config?[key]?["content"]?.stringValue { tokens[key] = .string(text) }
        }
        if case .array(let more)? = config?["additional_special_tokens"] {
            tokens["additional_special_tokens"] = .array(more.map { $0["content"] ?? $0 })
        }
        return tokens
    }
}
