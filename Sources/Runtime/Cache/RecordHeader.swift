import CKernels

/// Where a block's record is on disk.
struct RecordLocation: Sendable, Hashable {
    var segment: Int
    /// Of the header page.
    var offset: Int
    /// Bytes of the payload.
    var length: Int

    /// Bytes that the record takes: pages of 4096.
    var extent: Int { RecordHeader.size + (length + RecordHeader.size - 1) / RecordHeader.size * RecordHeader.size }
}

/// The first page of a record. Little-endian; everything but `state` is under `crc`, and `state` has two values that no flipped bit makes of
/// one another.
///
/// Records start at multiples of a page, so a reader that meets a broken one finds the next by stepping.
///
///     0 magic   4 version   8 state   12 crc (of 16 ..< 192 and the tokens)
///     16 namespace   48 key   80 parent   112 sequence   120 start   124 token count
///     128 payload length   136 payload CRC-32C   140 flags (1: side call)   192 tokens
struct RecordHeader: Sendable, Equatable {
    var namespace: BlockKey
    var key: BlockKey
    var parent: BlockKey
    /// Order of writing.
    var sequence: UInt64
    /// Position of the first token.
    var start: Int
    var tokens: [Int32]
    var payloadLength: Int
    var payloadCRC: UInt32
    var isSideCall: Bool

    static let size = 4096
    static let stateOffset = 8
    static let dead: UInt32 = 0
    static let live: UInt32 = 0x4556_494C
    private static let magic: UInt32 = 0x3156_4B41
    private static let version: UInt32 = 1
    private static let tokensOffset = 192

    func encode(state: UInt32 = live) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: Self.size)
        page.withUnsafeMutableBytes { bytes in
            func put<T: FixedWidthInteger>(_ value: T, _ offset: Int) { bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self) }
            func put(_ key: BlockKey, _ offset: Int) {
                key.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: $0) }
            }
            put(Self.magic, 0)
            put(Self.version, 4)
            put(state, Self.stateOffset)
            put(namespace, 16)
            put(key, 48)
            put(parent, 80)
            put(sequence, 112)
            put(UInt32(start), 120)
            put(UInt32(tokens.count), 124)
            put(UInt64(payloadLength), 128)
            put(payloadCRC, 136)
            put(UInt32(isSideCall ? 1 : 0), 140)
            for (index, token) in tokens.enumerated() { put(token, Self.tokensOffset + index * 4) }
            put(Self.checksum(UnsafeRawBufferPointer(bytes), tokens: tokens.count), 12)
        }
        return page
    }

    /// The page that makes `extent` bytes without records one dead record.
    static func filler(extent: Int, namespace: BlockKey) -> [UInt8] {
        RecordHeader(
            namespace: namespace, key: namespace, parent: namespace, sequence: 0, start: 0, tokens: [0], payloadLength: extent - size, payloadCRC: 0,
            isSideCall: false
        ).encode(state: dead)
    }

    enum Reading { case live(RecordHeader), dead(extent: Int), broken }

    /// Reads a page. Nothing in it is believed before the checksum is.
    static func decode(_ page: UnsafeRawBufferPointer) -> Reading {
        guard page.count == size else { return .broken }
        func get<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T { T(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: type)) }
        func key(_ offset: Int) -> BlockKey { BlockKey(bytes: UnsafeRawBufferPointer(rebasing: page[offset..<offset + BlockKey.byteCount])) }
        guard get(0, UInt32.self) == magic, get(4, UInt32.self) == version else { return .broken }
        let count = Int(get(124, UInt32.self))
        let length = get(128, UInt64.self)
        guard (1...LanguageModel.blockTokens).contains(count), length < 1 << 40, get(12, UInt32.self) == checksum(page, tokens: count) else {
            return .broken
        }
        switch get(stateOffset, UInt32.self) {
        case live: break
        case dead: return .dead(extent: RecordLocation(segment: 0, offset: 0, length: Int(length)).extent)
        // Neither was ever written: a bit of it flipped, and nobody killed this record.
        default: return .broken
        }
        return .live(
            RecordHeader(
                namespace: key(16), key: key(48), parent: key(80), sequence: get(112, UInt64.self), start: Int(get(120, UInt32.self)),
                tokens: (0..<count).map { get(tokensOffset + $0 * 4, Int32.self) }, payloadLength: Int(length), payloadCRC: get(136, UInt32.self),
                isSideCall: get(140, UInt32.self) & 1 == 1))
    }

    private static func checksum(_ page: UnsafeRawBufferPointer, tokens: Int) -> UInt32 {
        ck_crc32c(0, page.baseAddress.map { $0 + 16 }, tokensOffset - 16 + tokens * 4)
    }
}
