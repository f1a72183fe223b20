/// Turns libyaml's marks, which count code points, into byte offsets.
struct CodePointIndex {
    private static let stride = 16
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The offset of each 16th code point; empty where all bytes are ASCII.
    private var checkpoints: [Int32] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        guard bytes.contains(where: { $0 >= 0x80 }) else { return }
        var count = 0
        for index in bytes.indices where bytes[index] & 0xC0 != 0x80 {
            if count % Self.stride == 0 { checkpoints.append(Int32(index)) }
            count += 1
        }
    }

    func offset(of codePoint: Int) -> Int {
        guard !checkpoints.isEmpty else { return min(codePoint, bytes.count) }
        let slot = min(codePoint / Self.stride, checkpoints.count - 1)
        var offset = Int(checkpoints[slot])
        for _ in 0..<(codePoint - slot * Self.stride) {
            guard offset < bytes.count else { break }
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
        }
        return offset
    }
}
