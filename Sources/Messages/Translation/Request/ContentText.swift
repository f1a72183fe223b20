import JSON

/// Blocks as the text and image parts of one chat message.
struct ContentParts {
    private enum Part {
        case text(String, cacheControl: JSON?)
        /// The part of the message.
        case image(JSON)
    }
    private var parts: [Part] = []

    var isEmpty: Bool { parts.isEmpty }

    mutating func add(text: String, cacheControl: JSON? = nil) {
        if !text.isEmpty { parts.append(.text(text, cacheControl: cacheControl)) }
    }

    mutating func add(imagePart: JSON) { parts.append(.image(imagePart)) }

    /// A string where that says it all: the client sends the same text now as a list, now as a string, and both must read the same.
    func content(_ dialect: BackendDialect) -> JSON {
        let needsParts = parts.contains { part in
            if case .text(_, let cacheControl) = part { dialect.keepsCacheControl && cacheControl != nil } else { true }
        }
        // Several texts stay apart whether one has a breakpoint or has it no more: providers do not join them as we would.
        guard needsParts || dialect.keepsCacheControl && parts.count > 1 else { return .string(joined) }
        return .array(
            parts.map { part in
                switch part {
                case .text(let text, let cacheControl): TextPart.json(text, cacheControl: dialect.keepsCacheControl ? cacheControl : nil)
                case .image(let json): json
                }
            })
    }

    var joined: String {
        parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }.joined(separator: "\n\n")
    }

    var images: [JSON] { parts.compactMap { if case .image(let json) = $0 { json } else { nil } } }
}

extension ContentParts {
    /// Adds what a chat message can say of a block. Thinking, calls and results have their own places; blocks that only the
    /// Anthropic API can read are passed over.
    mutating func add(_ block: ContentBlock, dialect: BackendDialect, at path: String) throws(AnthropicError) {
        switch block {
        case .text(let text, let cacheControl): add(text: text, cacheControl: cacheControl)
        case .image(let source): add(image: source, dialect: dialect)
        case .document(let document): try add(document: document, dialect: dialect, at: path)
        case .toolReference(let name): add(text: "The tool \(name) can be called from now on.")
        case .other("search_result", let result): add(searchResult: result)
        case .thinking, .redactedThinking, .toolUse, .toolResult, .other: break
        }
    }

    private mutating func add(image source: ImageSource, dialect: BackendDialect) {
        let url: String
        switch source {
        case .base64(let mediaType, let data):
            guard dialect.images == .parts else { return add(text: "[image omitted: \(mediaType)]") }
            url = "data:\(mediaType);base64,\(data)"
        case .url(let address):
            guard dialect.images == .parts else { return add(text: "[image omitted: \(address)]") }
            url = address
        case .other(let type): return add(text: "[image omitted: source \(type)]")
        }
        add(imagePart: ["type": "image_url", "image_url": ["url": .string(url)]])
    }

    private mutating func add(document: JSON, dialect: BackendDialect, at path: String) throws(AnthropicError) {
        let title = [document["title"]?.stringValue, document["context"]?.stringValue].compactMap { $0 }.filter { !$0.isEmpty }
        if !title.isEmpty { add(text: "Document: " + title.joined(separator: " - ")) }
        switch document["source"]?["type"]?.stringValue {
        case "text": add(text: document["source"]?["data"]?.stringValue ?? "")
        case "content":
            for (index, block) in try ContentBlock.list(document["source"]?["content"], at: "\(path).source.content").enumerated() {
                try add(block, dialect: dialect, at: "\(path).source.content.\(index)")
            }
        case let type:
            let name = document["source"]?["media_type"]?.stringValue ?? type ?? "unknown"
            throw .invalid("\(path): documents of type \(name) cannot be read by this backend; send their text")
        }
    }

    private mutating func add(searchResult: JSON) {
        let lines =
            [searchResult["title"]?.stringValue, searchResult["source"]?.stringValue]
            + (searchResult["content"]?.arrayValue ?? []).map { $0["text"]?.stringValue }
        add(text: lines.compactMap { $0 }.joined(separator: "\n"))
    }
}
