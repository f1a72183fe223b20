import JSON

/// Blocks as the text and image parts of one chat message.
struct ContentParts {
    private(set) var texts: [(text: String, cacheControl: JSON?)] = []
    /// Image parts with the number of texts before each.
    private(set) var images: [(afterText: Int, part: JSON)] = []

    var isEmpty: Bool { texts.isEmpty && images.isEmpty }

    mutating func add(text: String, cacheControl: JSON? = nil) {
        if !text.isEmpty { texts.append((text, cacheControl)) }
    }

    mutating func add(imagePart: JSON) { images.append((texts.count, imagePart)) }

    /// A string where that says it all: the client sends the same text now as a list, now as a string, and both must read the same.
    func content(_ dialect: BackendDialect) -> JSON {
        let keepsBreakpoints = dialect.keepsCacheControl && texts.contains { $0.cacheControl != nil }
        guard !images.isEmpty || keepsBreakpoints else { return .string(joined) }
        var parts: [JSON] = []
        for index in 0...texts.count {
            parts += images.filter { $0.afterText == index }.map(\.part)
            if index < texts.count {
                parts.append(TextPart.json(texts[index].text, cacheControl: keepsBreakpoints ? texts[index].cacheControl : nil))
            }
        }
        return .array(parts)
    }

    var joined: String { texts.map(\.text).joined(separator: "\n\n") }
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
