import JSON

/// Where a plan came from: never part of its identity.
public struct Provenance: Codable, Sendable, Equatable {
    public struct File: Codable, Sendable, Equatable {
        public var path: String
        public var sha256: String
        public init(path: String, sha256: String) {
            self.path = path
            self.sha256 = sha256
        }
    }
    /// One configuration value that a service was made from.
    public struct Input: Codable, Sendable, Equatable {
        /// The dotted key, as `backends.vllm-mlx.port`.
        public var key: String
        /// Its value; secrets are references here too.
        public var value: JSON
        /// `FILE:LINE:COLUMN`, `default`, `--flag` or `$VARIABLE`.
        public var source: String
        public init(key: String, value: JSON, source: String) {
            self.key = key
            self.value = value
            self.source = source
        }

        /// The source of what nobody has written.
        public static let defaultSource = "default"
    }
    public var tool: String
    public var files: [File]
    /// By service, sorted by key.
    public var inputs: [String: [Input]]
    /// By declared backend, sorted by key: what it says itself about being a service at all, and which others it waits for. Nil in plans that
    /// were saved before this was kept.
    public var deciding: [String: [Input]]?
    /// What the plan outside its services was made from. Nil in plans that were saved before this was kept.
    public var whole: [Input]?
    /// What was given and nothing above was made from, sorted by key: a key that a service no longer has may still be there. Nil in plans that
    /// were saved before this was kept.
    public var unused: [Input]?

    public init(
        tool: String, files: [File] = [], inputs: [String: [Input]] = [:], deciding: [String: [Input]]? = nil, whole: [Input]? = nil,
        unused: [Input]? = nil
    ) {
        self.tool = tool
        self.files = files
        self.inputs = inputs
        self.deciding = deciding
        self.whole = whole
        self.unused = unused
    }
}
