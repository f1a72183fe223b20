import JSON

extension ContentParts {
    /// Adds what a chat message can say of a block. Thinking, calls and results have their own places.
    mutating func add(_ block: ContentBlock, dialect: BackendDialect, at path: String) throws(AnthropicError) {
        switch block {
        case .text(let text, let cacheControl): add(text: text, cacheControl: cacheControl)
        case .image(let source): add(image: source, dialect: dialect)
        case .document(let document): try add(document: document, dialect: dialect, at: path)
        case .toolReference(let name): add(text: "The tool \(ToolNames.wire(name)) can be called from now on.")
        case .toolDefinition(let definition):
            add(text: "The tool \(ToolNames.wire(definition["name"]?.stringValue ?? "")) can be called from now on.")
        case .toolRemoval(let name): add(text: "The tool \(ToolNames.wire(name)) can no longer be called.")
        case .other(let type, let json): add(text: ServerBlocks.text(of: json, type: type))
        case .thinking, .redactedThinking, .toolUse, .toolResult: break
        }
    }

    private mutating func add(image source: ImageSource, dialect: BackendDialect) {
        let url: String?
        switch (source, dialect.images) {
        case (_, nil), (.other, _): url = nil
        case (.base64(let mediaType, let data), let images?):
            url = images.formats.contains(mediaType) ? "data:\(mediaType);base64,\(data)" : nil
        case (.url(let address), let images?): url = images.fetchesURLs ? address : nil
        }
        guard let url else { return add(text: source.placeholder) }
        add(attachment: ["type": "image_url", "image_url": ["url": .string(url)]])
    }

    private mutating func add(document: JSON, dialect: BackendDialect, at path: String) throws(AnthropicError) {
        let source = document["source"] ?? .null
        let name = document["title"]?.stringValue
        let heading = [name, document["context"]?.stringValue].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " - ")
        if !heading.isEmpty { add(text: "Document: " + heading) }
        let mediaType = source["media_type"]?.stringValue ?? ""
        switch source["type"]?.stringValue {
        case "text": add(text: source["data"]?.stringValue ?? "")
        case "content":
            for (index, block) in try ContentBlock.list(source["content"], at: "\(path).source.content").enumerated() {
                try add(block, dialect: dialect, at: "\(path).source.content.\(index)")
            }
        case "base64" where mediaType.hasPrefix("text/"):
            add(text: String(decoding: Base64.decode((source["data"]?.stringValue ?? "").utf8), as: UTF8.self))
        case "base64" where dialect.takesFiles && mediaType == "application/pdf":
            add(file: "data:\(mediaType);base64,\(source["data"]?.stringValue ?? "")", name: name)
        case "url" where dialect.takesFiles && source["url"]?.stringValue?.hasPrefix("https://") == true:
            add(file: source["url"]?.stringValue ?? "", name: name)
        case let type:
            let kind = mediaType.isEmpty ? "source \(type ?? "unknown")" : "type \(mediaType)"
            throw .invalid("\(path): documents of \(kind) cannot be read by this backend; send their text")
        }
    }

    private mutating func add(file: String, name: String?) {
        add(attachment: ["type": "file", "file": ["filename": .string(name ?? "document.pdf"), "file_data": .string(file)]])
    }
}
