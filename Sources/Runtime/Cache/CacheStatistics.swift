/// Layer 3 in numbers. Tokens and bytes are those of blocks; hits are requests.
public struct CacheStatistics: Sendable, Equatable {
    public var requests = 0
    /// Requests that found a part of their prompt in memory, and those that read some of it from disk.
    public var memoryHits = 0
    public var diskHits = 0
    public var hitTokens = 0
    /// Tokens and bytes that were read back from disk.
    public var restoredTokens = 0
    public var restoredBytes = 0
    public var storedBlocks = 0
    /// Blocks that were to be stored and were there already: what sharing saved.
    public var sharedBlocks = 0
    public var evictedBlocks = 0
    /// Records that were torn, flipped or not what their key says; each was computed again.
    public var verifyFailures = 0
    public var writeFailures = 0
    /// Blocks that were not saved: there was no room for them on disk, memory needed theirs first, or the process ended.
    public var droppedWrites = 0
    /// Writes that wait for their turn now.
    public var waitingWrites = 0
    public var bytesInMemory = 0
    public var bytesOnDisk = 0
    public var blocks = 0
    public var slots = 0
    public var pins = 0
    /// Tokens of all kept chains, counted for each, and those that are stored: what is common to several is stored once.
    public var chainTokens = 0
    public var storedTokens = 0
    /// False while another process holds the directory's lock: this one reads and does not write.
    public var isWriter = false

    /// How much larger the store would be if each chain were kept for itself; 1 where nothing is shared.
    public var dedupeRatio: Double { storedTokens > 0 ? Double(chainTokens) / Double(storedTokens) : 1 }

    public init() {}
}
