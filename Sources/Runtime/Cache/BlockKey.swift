import Crypto

/// The identity of a block: a hash over the namespace and every token from the start of the sequence to the block's end.
///
/// A hash is never trusted alone: tokens are compared wherever a block is found by its key.
struct BlockKey: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    static let byteCount = 32

    /// SHA-256 of what must agree for keys and values to be the same bytes.
    static func namespace(_ parts: [String]) -> BlockKey {
        var hash = SHA256()
        for part in parts {
            var length = UInt64(part.utf8.count).littleEndian
            Swift.withUnsafeBytes(of: &length) { hash.update(bufferPointer: $0) }
            hash.update(data: Array(part.utf8))
        }
        return BlockKey(hash.finalize())
    }

    /// The key of the block that follows this one (or the namespace) with `tokens`.
    func child(_ tokens: ArraySlice<Int32>) -> BlockKey {
        var hash = SHA256()
        withUnsafeBytes { hash.update(bufferPointer: $0) }
        tokens.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return BlockKey(hash.finalize())
    }

    private init(_ digest: SHA256.Digest) { self = digest.withUnsafeBytes { BlockKey(bytes: $0) } }

    /// - Precondition: 32 bytes.
    init(bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
        words = (word(0), word(1), word(2), word(3))
    }

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { Swift.withUnsafeBytes(of: words, body) }

    /// Lower-case hex of the first 8 bytes, for names of files.
    var shortName: String {
        withUnsafeBytes { bytes in
            bytes.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    static func == (left: BlockKey, right: BlockKey) -> Bool { left.words == right.words }
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
