import JSON
import Messages

/// What is asked of text, tokens and prefixes without an answer being generated.
struct TextEndpoints: Sendable {
    let model: ServedModel
    let prefixes: PrefixStore

    /// `POST /v1/chat/tokenize`.
    func count(_ body: JSON) throws -> JSON {
        let request = try OpenAI.ChatRequest(body)
        let (messages, tools) = try ChatJob.conversation(request, prefixes)
        let options = try ChatJob.templateOptions(RequestMembers(json: body))
        let tokens = try model.prompt(messages: messages, tools: tools, options: options).tokens
        let count = Native.TokenCount(count: tokens.count, cached: model.engine.cachedPrefixLength(of: tokens))
        return try JSON(encoding: count)
    }

    /// `PUT /v1/prefixes/{digest}`: keeps the prefix, and computes what every conversation with it begins with.
    func keepPrefix(_ body: JSON, digest: String) async throws -> JSON {
        let prefix = try Native.Prefix(body)
        try prefixes.insert(prefix, digest: digest)
        return try JSON(encoding: Native.PrefixReceipt(digest: digest, tokens: try await warm(prefix)))
    }

    /// Computes and pins what every conversation with the prefix begins with: so many tokens.
    func warm(_ prefix: Native.Prefix) async throws -> Int {
        let tokens = try commonTokens(of: prefix)
        guard !tokens.isEmpty else { return 0 }
        for try await _ in model.engine.generate(GenerationRequest(prompt: tokens, maxTokens: 0, isPinned: true)) {}
        try Task.checkCancellation()
        return tokens.count
    }

    /// What the renderings of two conversations with the prefix have in common.
    private func commonTokens(of prefix: Native.Prefix) throws -> [Int32] {
        func render(_ text: String) throws -> [Int32] {
            let user: JSON = ["role": "user", "content": .string(text)]
            return try model.prompt(messages: prefix.messages + [user], tools: prefix.tools, options: [:]).tokens
        }
        return zip(try render("a"), try render("1")).prefix { $0 == $1 }.map(\.0)
    }

    /// `POST /tokenize`: `content` or `prompt`; as llama.cpp and vLLM have it.
    func tokenize(_ body: JSON) throws -> JSON {
        guard let text = body["content"]?.stringValue ?? body["prompt"]?.stringValue ?? body["text"]?.stringValue else {
            throw OpenAI.Failure.invalidRequest("`content` must be a text", param: "content")
        }
        let members = RequestMembers(json: body)
        let ours = try members.flag("add_special_tokens")
        let llamas = try members.flag("add_special")
        let addsSpecial = ours ?? llamas ?? false
        do {
            let tokens = try model.tokenizer.encode(text, addSpecialTokens: addsSpecial)
            return ["tokens": .array(tokens.map { .integer(Int($0)) }), "count": .integer(tokens.count)]
        } catch {
            throw OpenAI.Failure.invalidRequest(error.message, param: "content")
        }
    }

    /// `POST /detokenize`.
    func detokenize(_ body: JSON) throws -> JSON {
        let elements = body["tokens"]?.arrayValue
        let ids = elements?.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
        guard let ids, ids.count == elements?.count else {
            throw OpenAI.Failure.invalidRequest("`tokens` must be a list of token ids", param: "tokens")
        }
        let text = model.tokenizer.decode(ids, skipSpecialTokens: try RequestMembers(json: body).flag("skip_special_tokens") ?? false)
        return ["content": .string(text), "prompt": .string(text)]
    }
}
