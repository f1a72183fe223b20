extension ProxySettings {
    /// A condition that is nil holds for every request; all of them together must hold.
    public struct Route: Codable, Sendable, Equatable {
        /// A glob over the client's model id (`*` and `?`).
        public var model: String?
        public var call: CallKind?
        /// The size of the request's body, in bytes: at least and at most this.
        public var minBytes: Int?
        public var maxBytes: Int?
        public var to: String

        public init(model: String?, call: CallKind? = nil, minBytes: Int? = nil, maxBytes: Int? = nil, to: String) {
            self.model = model
            self.call = call
            self.minBytes = minBytes
            self.maxBytes = maxBytes
            self.to = to
        }

        enum CodingKeys: String, CodingKey {
            case model, call, to
            case minBytes = "min_bytes"
            case maxBytes = "max_bytes"
        }
    }

    /// What a request is to the client's conversation. One request can be of several kinds: naming a session is a side call too.
    public enum CallKind: String, Codable, Sendable, CaseIterable {
        /// A turn of the conversation itself.
        case main
        /// A turn of a sub-agent's conversation.
        case subagent
        /// Beside the conversation: titles, summaries, searches; it shares no prefix with a conversation.
        case side
        /// The side call that names a session.
        case title
        /// Only counts tokens.
        case count
    }

    /// What of a request decides where it goes.
    public struct Call: Sendable, Equatable {
        /// The client's model id.
        public var model: String
        public var kinds: Set<CallKind>
        /// Of the body; nil where no request is there yet, so that a route by size takes none.
        public var bytes: Int?

        public init(model: String, kinds: Set<CallKind> = [.main], bytes: Int? = nil) {
            self.model = model
            self.kinds = kinds
            self.bytes = bytes
        }
    }

    /// The first route that takes the request.
    public func route(for call: Call) -> Route? { routes.first { $0.takes(call) } }

    /// The backend that a request goes to; nil where the plan names one that it does not have.
    public func backend(for call: Call) -> Backend? {
        let name = route(for: call)?.to ?? defaultBackend
        return backends.first { $0.name == name }
    }
}

extension ProxySettings.Route {
    /// Whether the request is one that the route takes; letters of the model's id count as they are written.
    public func takes(_ request: ProxySettings.Call) -> Bool {
        if let model, !globMatches(Array(model.unicodeScalars), Array(request.model.unicodeScalars)) { return false }
        if let call, !request.kinds.contains(call) { return false }
        guard minBytes != nil || maxBytes != nil else { return true }
        guard let bytes = request.bytes else { return false }
        return bytes >= minBytes ?? 0 && bytes <= maxBytes ?? .max
    }

    /// Whether every request that `other` takes is one that this route takes: a route behind it would never be reached.
    public func covers(_ other: ProxySettings.Route) -> Bool {
        let modelCovers = model == nil || model == "*" || model == other.model
        let callCovers = call == nil || call == other.call || (call == .side && other.call == .title)
        return modelCovers && callCovers && minBytes ?? 0 <= other.minBytes ?? 0 && maxBytes ?? .max >= other.maxBytes ?? .max
    }
}

/// Whether `text` is matched by `pattern`, in which `*` is any run and `?` any one. At most quadratic: only the last `*` is tried again.
func globMatches(_ pattern: [UnicodeScalar], _ text: [UnicodeScalar]) -> Bool {
    var (p, t) = (0, 0)
    var lastStar: (pattern: Int, text: Int)?
    while t < text.count {
        if p < pattern.count, pattern[p] == "*" {
            lastStar = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
            p += 1
            t += 1
        } else if let star = lastStar {
            lastStar = (star.pattern, star.text + 1)
            p = star.pattern + 1
            t = star.text + 1
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
}
