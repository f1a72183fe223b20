/// Things that were made of texts, found by the first bytes of those; the least recently used leave first.
///
/// What is found only begins alike: whoever asks compares the rest.
struct ByteIndex<Item: Sendable>: Sendable {
    private struct Entry {
        var id: Int
        var item: Item
        var bytes: Int
        var used: Int
        var bucket: Int
    }
    private var entries: [Int: Entry] = [:]
    private var buckets: [Int: [Int]] = [:]
    private var clock = 0
    private(set) var bytes = 0
    private let limit: Int
    private static var maximumInBucket: Int { 16 }
    private static var probe: Int { 64 }

    /// - Parameter limit: bytes of all items together.
    init(limit: Int) { self.limit = limit }

    /// What texts that begin like this one are kept under; nil where it is too short to be told by its beginning.
    static func bucket(_ text: UnsafeBufferPointer<UInt8>, _ kind: String) -> Int? {
        guard text.count >= probe else { return nil }
        var hasher = Hasher()
        hasher.combine(kind)
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<probe]))
        return hasher.finalize()
    }

    /// The latest first.
    func candidates(_ bucket: Int) -> [(id: Int, item: Item)] {
        (buckets[bucket] ?? []).reversed().compactMap { id in entries[id].map { (id, $0.item) } }
    }

    mutating func touch(_ id: Int) {
        clock += 1
        entries[id]?.used = clock
    }

    mutating func add(_ item: Item, id: Int, bytes size: Int, _ bucket: Int) {
        guard size <= limit else { return }
        clock += 1
        entries[id] = Entry(id: id, item: item, bytes: size, used: clock, bucket: bucket)
        buckets[bucket, default: []].append(id)
        bytes += size
        if let ids = buckets[bucket], ids.count > Self.maximumInBucket { removeOldest(of: ids) }
        while bytes > limit { removeOldest(of: Array(entries.keys)) }
    }

    mutating func remove(_ id: Int) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        bytes -= entry.bytes
        buckets[entry.bucket]?.removeAll { $0 == id }
        if buckets[entry.bucket]?.isEmpty == true { buckets[entry.bucket] = nil }
    }

    private mutating func removeOldest(of ids: [Int]) {
        if let id = ids.min(by: { (entries[$0]?.used ?? 0) < (entries[$1]?.used ?? 0) }) { remove(id) }
    }
}
