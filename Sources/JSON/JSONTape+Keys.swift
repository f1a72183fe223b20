extension JSONTape {
    /// False where no mapping has a key twice. True says only that it is worth a closer look: keys are told apart by a hash, and those
    /// that are not written in plain ASCII not at all.
    public func mayRepeatKeys(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasUnusualKeys { return true }
        var hashes: [UInt64] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            guard word.isContainer else {
                index += 1
                continue
            }
            if word.mark == .object {
                hashes.removeAll(keepingCapacity: true)
                var next = index + 2
                for _ in 0..<words[index + 1].extent.count {
                    hashes.append(Self.hash(bytes, words[next].range))
                    next = self.next(after: next + 1)
                }
                if Self.hasRepeated(&hashes) { return true }
            }
            // Into it: its members may be mappings themselves.
            index += 2
        }
        return false
    }

    private static func hasRepeated(_ hashes: inout [UInt64]) -> Bool {
        if hashes.count <= 16 {
            for index in hashes.indices.dropFirst() {
                for earlier in 0..<index where hashes[earlier] == hashes[index] { return true }
            }
            return false
        }
        hashes.sort()
        return zip(hashes, hashes.dropFirst()).contains { $0 == $1 }
    }

    /// Eight bytes at a time, and the last eight once more where they are not whole.
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range])
        var hash = UInt64(truncatingIfNeeded: raw.count)
        func mix(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low &+ 0xBF58_476D_1CE4_E5B9
        }
        guard raw.count >= 8 else {
            mix(raw.reduce(0) { $0 << 8 | UInt64($1) })
            return hash
        }
        for offset in stride(from: 0, to: raw.count - 8, by: 8) { mix(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        mix(raw.loadUnaligned(fromByteOffset: raw.count - 8, as: UInt64.self))
        return hash
    }
}
