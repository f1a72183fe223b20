import JSON

/// Blocks as the parts of one chat message.
struct ContentParts {
    private enum Part {
        case text(String, cacheControl: JSON?)
        /// A picture or a file, as the part of a message.
        case attachment(JSON)
    }
    private var parts: [Part] = []
    /// The tools that a server of ours is told with this message.
    private(set) var lateTools: [JSON] = []

    var isEmpty: Bool { parts.isEmpty }

    mutating func add(text: String, cacheControl: JSON? = nil) {
        if !text.isEmpty { parts.append(.text(text, cacheControl: cacheControl)) }
    }

    mutating func add(attachment: JSON) { parts.append(.attachment(attachment)) }

    mutating func add(lateTools tools: [JSON]) { lateTools += tools }

    /// Ends what a cache keeps with the last text.
    mutating func mark(_ cacheControl: JSON) {
        guard let last = parts.indices.last, case .text(let text, _) = parts[last] else { return }
        parts[last] = .text(text, cacheControl: cacheControl)
    }

    /// A string where that says it all: the client sends the same text now as a list, now as a string, and both must read the same.
    func content(_ dialect: BackendDialect) -> JSON {
        guard needsParts(dialect) else { return .string(joined) }
        return .array(
            parts.map { part in
                switch part {
                case .text(let text, let cacheControl): TextPart.json(text, cacheControl: dialect.keepsCacheControl ? cacheControl : nil)
                case .attachment(let json): json
                }
            })
    }

    /// A breakpoint moves on in the next request, and what it stood on must still read the same: where breakpoints are kept, several
    /// texts are always parts.
    private func needsParts(_ dialect: BackendDialect) -> Bool {
        if dialect.keepsCacheControl, parts.count > 1 { return true }
        return parts.contains { part in
            if case .text(_, let cacheControl) = part { dialect.keepsCacheControl && cacheControl != nil } else { true }
        }
    }

    var joined: String {
        parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }.joined(separator: "\n\n")
    }

    /// The last breakpoint, for messages whose content is one string.
    var cacheControl: JSON? {
        parts.reversed().lazy.compactMap { if case .text(_, let cacheControl) = $0 { cacheControl } else { nil } }.first
    }

    /// The pictures and files, which leave the texts: a tool's message has a string for content.
    mutating func takeAttachments() -> [JSON] {
        var attachments: [JSON] = []
        parts.removeAll { part in
            guard case .attachment(let json) = part else { return false }
            attachments.append(json)
            return true
        }
        return attachments
    }
}

enum TextPart {
    static func json(_ text: String, cacheControl: JSON? = nil) -> JSON {
        var part: JSONObject = ["type": "text", "text": .string(text)]
        if let cacheControl { part["cache_control"] = cacheControl }
        return .object(part)
    }
}
