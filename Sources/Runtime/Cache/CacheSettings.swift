/// Layer 3: what is kept of keys and values after a request.
public struct CacheSettings: Sendable, Equatable {
    /// False: nothing outlives its request, in memory or on disk.
    public var enabled: Bool
    /// Conversations that are kept: tips of chains that no other kept one extends.
    public var slots: Int
    /// A prompt shorter than this is not worth keeping.
    public var minTokens: Int
    /// An absolute path, made if it is missing; memory only where nil.
    public var directory: String?
    /// Bytes of the directory's segment files.
    public var maxBytes: Int

    public init(enabled: Bool = true, slots: Int = 10, minTokens: Int = 100, directory: String? = nil, maxBytes: Int = 8 << 30) {
        self.enabled = enabled
        self.slots = slots
        self.minTokens = minTokens
        self.directory = directory
        self.maxBytes = maxBytes
    }
}
