extension JSONTape {
    /// A value of a tape, beside the text that it was made from: decodes what it is asked for.
    public struct Value {
        public enum Kind { case null, bool(Bool), integer(Int), number(JSONNumber), string(String), array, object }

        let tape: JSONTape
        let bytes: UnsafeBufferPointer<UInt8>
        let index: Int

        private var word: Word { tape.words[index] }

        /// In the text, with quotes or brackets.
        public var range: Range<Int> { word.range }

        public var kind: Kind {
            let word = word
            switch (word.mark, bytes[word.start]) {
            case (.array, _): return .array
            case (.object, _): return .object
            case (_, UInt8(ascii: "n")): return .null
            case (_, UInt8(ascii: "t")): return .bool(true)
            case (_, UInt8(ascii: "f")): return .bool(false)
            case (_, UInt8(ascii: "\"")): return .string(tape.text(word, bytes))
            case (.plain, _): return Int(JSONNumber(in: bytes, word.range).text).map { .integer($0) } ?? .number(JSONNumber(in: bytes, word.range))
            case (.special, _): return .number(JSONNumber(in: bytes, word.range))
            }
        }

        /// How many elements or members it has.
        public var count: Int { word.isContainer ? tape.words[index + 1].extent.count : 0 }

        public func forEachElement(_ body: (Value) -> Void) {
            var next = index + 2
            for _ in 0..<count {
                body(Value(tape: tape, bytes: bytes, index: next))
                next = tape.next(after: next)
            }
        }

        /// The members in the order of the text, duplicates too. A key's place includes its quotes.
        public func forEachMember(_ body: (_ key: String, _ keyRange: Range<Int>, Value) -> Void) {
            var next = index + 2
            for _ in 0..<count {
                let key = tape.words[next]
                body(tape.text(key, bytes), key.range, Value(tape: tape, bytes: bytes, index: next + 1))
                next = tape.next(after: next + 1)
            }
        }

        /// The value without places; of duplicate keys the last value stays.
        public var json: JSON {
            switch kind {
            case .null: return .null
            case .bool(let value): return .bool(value)
            case .integer(let value): return .integer(value)
            case .number(let value): return .number(value)
            case .string(let value): return .string(value)
            case .array:
                var elements: [JSON] = []
                elements.reserveCapacity(count)
                forEachElement { elements.append($0.json) }
                return .array(elements)
            case .object:
                var members: [JSONObject.Member] = []
                members.reserveCapacity(count)
                forEachMember { key, _, value in members.append(JSONObject.Member(key: key, value: value.json)) }
                return .object(JSONObject(members))
            }
        }
    }

    /// The value of the whole text.
    /// - Parameter bytes: what the tape was made from.
    public func root(in bytes: UnsafeBufferPointer<UInt8>) -> Value { Value(tape: self, bytes: bytes, index: 0) }

    private func text(_ word: Word, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
        JSONString(range: word.range, isEscaped: word.mark == .special, isASCII: false).text(in: bytes)
    }

    /// The index of the word behind a value.
    func next(after index: Int) -> Int { words[index].isContainer ? words[index + 1].extent.next : index + 1 }
}
