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
        /// The share of `to` beside those of `split`; nil is 1.
        public var weight: Int?
        /// Other backends that take a share of the conversations.
        public var split: [Share]?
        /// Who is asked where none of those can answer, in this order.
        public var fallback: [String]?

        public init(
            model: String?, call: CallKind? = nil, minBytes: Int? = nil, maxBytes: Int? = nil, to: String, weight: Int? = nil, split: [Share]? = nil,
            fallback: [String]? = nil
        ) {
            self.model = model
            self.call = call
            self.minBytes = minBytes
            self.maxBytes = maxBytes
            self.to = to
            self.weight = weight
            self.split = split
            self.fallback = fallback
        }

        /// The backends that share the route's conversations.
        public var shares: [Share] { [Share(to: to, weight: weight ?? 1)] + (split ?? []) }

        /// All backends that the route names.
        public var targets: [String] { shares.map(\.to) + (fallback ?? []) }

        enum CodingKeys: String, CodingKey {
            case model, call, to, weight, split, fallback
            case minBytes = "min_bytes"
            case maxBytes = "max_bytes"
        }
    }

    /// One of several backends of a route, which take conversations in proportion to their weights.
    public struct Share: Codable, Sendable, Equatable {
        public var to: String
        public var weight: Int

        public init(to: String, weight: Int = 1) {
            self.to = to
            self.weight = weight
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

    /// A model id that begins so names the backend behind it, where no route takes it. Pickers of clients show only ids that begin with
    /// `claude`.
    public static let backendAlias = "claude-local-"

    /// The first route that takes the request.
    public func route(for call: Call) -> Route? { routes.first { $0.takes(call) } }

    /// The backend that requests for a model of this id go to, whatever else they are: by a route, by its alias, or as the default. Nil
    /// where that is one of several.
    public func backendNamed(by id: String) -> Backend? {
        if let route = route(for: Call(model: id)) { return route.shares.count == 1 ? backends.first { $0.name == route.to } : nil }
        let alias = id.hasPrefix(Self.backendAlias) ? String(id.dropFirst(Self.backendAlias.count)) : nil
        return backends.first { $0.name == alias } ?? backends.first { $0.name == defaultBackend }
    }

    /// A model id that leads to `backend`: its own where that does, else its alias.
    public func modelID(reaching backend: Backend) -> String {
        let own = backend.model ?? (backend.api == .anthropic ? "claude-sonnet-5-5" : nil)
        if let own, backendNamed(by: own) == backend { return own }
        return Self.backendAlias + backend.name
    }

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
        let modelCovers = model.map { own in other.model.map { globCovers(own, $0) } ?? own.allSatisfy { $0 == "*" } } ?? true
        let callCovers = call == nil || call == other.call || (call == .side && other.call == .title)
        return modelCovers && callCovers && minBytes ?? 0 <= other.minBytes ?? 0 && maxBytes ?? .max >= other.maxBytes ?? .max
    }
}

/// Whether every text that `other` matches is one that `pattern` matches: a wildcard of `other` is taken by a wildcard alone, a `?` by either.
private func globCovers(_ pattern: String, _ other: String) -> Bool {
    globMatches(Array(pattern.unicodeScalars), Array(other.unicodeScalars), isPattern: true)
}

/// Whether `text` is matched by `pattern`, in which `*` is any run and `?` any one. At most quadratic: only the last `*` is tried again.
///
/// - Parameter isPattern: `text` is a pattern itself, so that its `*` stands for more than a `?` takes.
func globMatches(_ pattern: [UnicodeScalar], _ text: [UnicodeScalar], isPattern: Bool = false) -> Bool {
    var (p, t) = (0, 0)
    var lastStar: (pattern: Int, text: Int)?
    while t < text.count {
        if p < pattern.count, pattern[p] == "*" {
            lastStar = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == "?" ? !isPattern || text[t] != "*" : pattern[p] == text[t] {
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
