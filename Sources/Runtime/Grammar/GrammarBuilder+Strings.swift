/// What a JSON string may be made of.
extension GrammarBuilder {
    private static let continuation = ByteSet(0x80...0xBF)
    private static let hex = ByteSet(0x30...0x39, 0x41...0x46, 0x61...0x66)
    /// ASCII that stands for itself in a JSON string.
    static let plainASCII = ByteSet(0x20...0x7F).without([UInt8(ascii: "\""), UInt8(ascii: "\\")])
    /// ASCII of running text.
    static let textASCII = ByteSet(0x20...0x7F, 0x09...0x0A)

    /// One character: of `ascii`, or any other of Unicode, well-formed (Unicode 15, table 3-7).
    mutating func character(_ ascii: ByteSet, _ next: Grammar.NodeID) -> [Grammar.NodeID] {
        let last = bytes(Self.continuation, next)
        let lastTwo = bytes(Self.continuation, last)
        let lastThree = bytes(Self.continuation, lastTwo)
        return [
            bytes(ascii, next),
            bytes(ByteSet(0xC2...0xDF), last),
            bytes(ByteSet(0xE0...0xE0), bytes(ByteSet(0xA0...0xBF), last)),
            bytes(ByteSet(0xE1...0xEC, 0xEE...0xEF), lastTwo),
            bytes(ByteSet(0xED...0xED), bytes(ByteSet(0x80...0x9F), last)),
            bytes(ByteSet(0xF0...0xF0), bytes(ByteSet(0x90...0xBF), lastTwo)),
            bytes(ByteSet(0xF1...0xF3), lastThree),
            bytes(ByteSet(0xF4...0xF4), bytes(ByteSet(0x80...0x8F), lastTwo)),
        ]
    }

    /// One escape; a surrogate only with its other half.
    mutating func escape(_ next: Grammar.NodeID) -> Grammar.NodeID {
        let two = bytes(Self.hex, bytes(Self.hex, next))
        let three = bytes(Self.hex, two)
        let lowSurrogate = literal("\\u", bytes(ByteSet([0x44, 0x64]), bytes(ByteSet(0x43...0x46, 0x63...0x66), two)))
        let highSurrogate = bytes(Self.hex, bytes(Self.hex, lowSurrogate))
        let afterD = any([bytes(ByteSet(0x30...0x37), two), bytes(ByteSet(0x38...0x39, 0x41...0x42, 0x61...0x62), highSurrogate)])
        let unicode = any([bytes(Self.hex.without([0x44, 0x64]), three), bytes(ByteSet([0x44, 0x64]), afterD)])
        let letters = bytes(ByteSet(Array("\"\\/bfnrt".utf8)), next)
        return bytes(ByteSet([UInt8(ascii: "\\")]), any([letters, bytes(ByteSet([UInt8(ascii: "u")]), unicode)]))
    }

    /// The inside of a string and what follows it.
    ///
    /// - Parameter avoidsTags: whether `</` must not be in it, since it stands in a notation of tags; an escape can write it.
    mutating func stringBody(_ least: Int, _ most: Int?, avoidsTags: Bool, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let less = UInt8(ascii: "<")
        if least == 0, most == nil {
            let body = add(.dead)
            guard avoidsTags else {
                set(body, .split([next] + character(Self.plainASCII, body) + [escape(body)]))
                return body
            }
            let afterLess = add(.dead)
            let loop = bytes(ByteSet([less]), afterLess)
            let branches = character(Self.plainASCII.without([less]), body).dropFirst() + [escape(body), loop, next]
            set(body, .split([bytes(Self.plainASCII.without([less]), body)] + branches))
            set(afterLess, .split([bytes(Self.plainASCII.without([less, UInt8(ascii: "/")]), body)] + branches))
            return body
        }
        let rule = reserveRule()
        let last = end()
        let ascii = avoidsTags ? Self.plainASCII.without([less]) : Self.plainASCII
        define(rule, any(character(ascii, last) + [escape(last)]))
        return add(.repeated(rule, min: Int32(clamping: least), max: most.map { Int32(clamping: $0) }, next: next))
    }

    /// A string's quotes and what is in them.
    mutating func string(_ least: Int, _ most: Int?, avoidsTags: Bool, _ next: Grammar.NodeID) -> Grammar.NodeID {
        literal("\"", stringBody(least, most, avoidsTags: avoidsTags, literal("\"", next)))
    }

    /// A key, with its quotes, that is none of `names`. Without escapes, so that bytes are what is compared.
    mutating func key(exceptOf names: [[UInt8]], avoidsTags: Bool, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let ascii = avoidsTags ? Self.plainASCII.without([UInt8(ascii: "<")]) : Self.plainASCII
        let quote = literal("\"", next)
        let free = add(.dead)
        set(free, .split([quote] + character(ascii, free)))
        let sorted = Array(Set(names)).sorted { $0.lexicographicallyPrecedes($1) }
        return literal("\"", unlike(sorted[...], 0, ascii, quote: quote, free: free))
    }

    private mutating func unlike(
        _ names: ArraySlice<[UInt8]>, _ depth: Int, _ ascii: ByteSet, quote: Grammar.NodeID, free: Grammar.NodeID
    ) -> Grammar.NodeID {
        // Names longer than that part from any other before.
        guard !names.isEmpty, depth < 256 else { return free }
        let isName = names.first?.count == depth
        var rest = isName ? names.dropFirst() : names
        var others = ascii
        var branches: [Grammar.NodeID] = depth == 0 || isName ? [] : [quote]
        var hasWide = false
        while let byte = rest.first?[depth] {
            let end = rest.firstIndex { $0[depth] != byte } ?? rest.endIndex
            others.remove(byte)
            if byte >= 0x80 {
                hasWide = true
            } else if ascii.contains(byte) {
                branches.append(bytes(ByteSet([byte]), unlike(rest[..<end], depth + 1, ascii, quote: quote, free: free)))
            }
            rest = rest[end...]
        }
        branches.append(bytes(others, free))
        // Where a name goes on beyond ASCII, no other does: half a character cannot be told from half another.
        if !hasWide { branches += character(ByteSet(), free).dropFirst() }
        return any(branches)
    }
}
