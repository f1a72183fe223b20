import JSON

/// Where the value of one key came from, and what it went before.
public struct ValueOrigin: Codable, Sendable, Equatable {
    /// One place that has something to say about the key.
    public struct Candidate: Codable, Sendable, Equatable {
        public enum Kind: String, Codable, Sendable {
            case flag, variable, file
            /// Follows from another key, which is named by `key` or `note`.
            case derived
            case `default`
        }
        public var kind: Kind
        /// The key under which it was written, where that is another one.
        public var key: String?
        /// As people write it; secrets are references. Nil where it is not known before the machine is, and where it is no usable value.
        public var value: JSON?
        /// `FILE:LINE:COLUMN`, `--flag`, `$VARIABLE` or `default`.
        public var source: String
        public var note: String?
        /// Whether this is the value that is used.
        public var counts: Bool

        public init(kind: Kind, key: String? = nil, value: JSON? = nil, source: String, note: String? = nil, counts: Bool = false) {
            self.kind = kind
            self.key = key
            self.value = value
            self.source = source
            self.note = note
            self.counts = counts
        }
    }

    /// Dotted, as `backends.vllm-mlx.port` or `routes[0].to`.
    public var key: String
    /// In the order of precedence, so that the first counts; none for a key that is not used.
    public var candidates: [Candidate]
    /// The services that are made from the value.
    public var services: [String]
    /// What else there is to say about it.
    public var note: String?

    public init(key: String, candidates: [Candidate], services: [String], note: String? = nil) {
        self.key = key
        self.candidates = candidates
        self.services = services
        self.note = note
    }

    /// What counts; nil where that depends on the machine.
    public var value: JSON? { candidates.first?.value }
}

/// A key that is asked for and does not exist.
public struct UnknownKey: Error, Sendable, Equatable {
    public var message: String
    public var hint: String
}
