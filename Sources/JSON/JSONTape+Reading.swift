import Glibc

extension JSONTape.Value {
    public var isNull: Bool {
        let word = tape.words[index]
        return !word.isContainer && bytes[word.start] == UInt8(ascii: "n")
    }

    /// The text of a string; nil for anything else.
    public var stringValue: String? { if case .string(let text) = kind { text } else { nil } }

    /// A member's key, which is not decoded.
    public struct Key {
        let tape: JSONTape
        let bytes: UnsafeBufferPointer<UInt8>
        let word: JSONTape.Word

        /// Whether it is these very bytes, written without an escape.
        public func `is`(_ text: StaticString) -> Bool { tape.isString(word, text, bytes) }
    }

    /// The members in the order of the text, duplicates too, as long as `body` returns true.
    ///
    /// - Returns: false where it did not.
    public func allMembers(_ body: (Key, JSONTape.Value) -> Bool) -> Bool {
        var next = index + 2
        for _ in 0..<count {
            let value = JSONTape.Value(tape: tape, bytes: bytes, index: next + 1)
            guard body(Key(tape: tape, bytes: bytes, word: tape.words[next]), value) else { return false }
            next = tape.next(after: next + 1)
        }
        return true
    }
}

extension JSONTape {
    fileprivate func isString(_ word: Word, _ text: StaticString, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let range = word.range
        guard word.mark == .plain, range.count == text.utf8CodeUnitCount + 2, let base = bytes.baseAddress, base[range.lowerBound] == 0x22 else {
            return false
        }
        return memcmp(base + range.lowerBound + 1, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
