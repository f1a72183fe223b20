/// The sink that builds a tape. Beyond a limit the parser goes on, but nothing more is kept.
struct JSONTapeBuilder: JSONSink {
    /// A list or mapping that is not closed.
    private struct Open {
        let index: Int
        let start: Int
        var count = 0
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONTape.Limits
    private var words: [JSONTape.Word] = []
    private var open: [Open] = []
    private var values = 0
    private var hasUnusualKeys = false
    private(set) var excess: JSONTape.Excess?
    private var isFull = false

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONTape.Limits) {
        self.bytes = bytes
        self.limits = limits
        // A word for about nine bytes of text, as configurations have it; memory that is not used is never touched.
        words.reserveCapacity(bytes.count / 8 + 64)
        open.reserveCapacity(8)
    }

    var tape: JSONTape { JSONTape(words: words, hasUnusualKeys: hasUnusualKeys) }

    private mutating func exceed(_ excess: JSONTape.Excess) {
        self.excess = excess
        isFull = true
    }

    @inline(__always)
    private mutating func scalar(_ mark: JSONTape.Word.Mark, _ range: Range<Int>) {
        guard !isFull else { return }
        words.append(JSONTape.Word(mark, range))
        count(range)
    }

    /// One more value, which is complete.
    @inline(__always)
    private mutating func count(_ range: Range<Int>) {
        values += 1
        if values > limits.values { return exceed(.values(range)) }
        if !open.isEmpty { open[open.count - 1].count += 1 }
    }

    mutating func null(at range: Range<Int>) { scalar(.plain, range) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { scalar(.plain, range) }
    mutating func integer(_ value: Int, at range: Range<Int>) { scalar(.plain, range) }
    mutating func number(at range: Range<Int>) { scalar(.special, range) }

    mutating func string(_ string: JSONString) {
        if string.range.count > limits.stringBytes, isLonger(string, limits.stringBytes) { exceed(.stringBytes(string.range)) }
        scalar(string.isEscaped ? .special : .plain, string.range)
    }

    mutating func key(_ string: JSONString) {
        if string.range.count > limits.keyBytes, isLonger(string, limits.keyBytes) { exceed(.keyBytes(string.range)) }
        guard !isFull else { return }
        if string.isEscaped || !string.isASCII { hasUnusualKeys = true }
        words.append(JSONTape.Word(string.isEscaped ? .special : .plain, string.range))
    }

    /// A text has at most as many bytes as its writing; only a long one is looked at.
    private func isLonger(_ string: JSONString, _ limit: Int) -> Bool { !isFull && string.text(in: bytes).utf8.count > limit }

    mutating func beginArray(at offset: Int) { begin(offset) }
    mutating func beginObject(at offset: Int) { begin(offset) }
    mutating func endArray(at end: Int) { close(.array, end) }
    mutating func endObject(at end: Int) { close(.object, end) }

    private mutating func begin(_ offset: Int) {
        open.append(Open(index: words.count, start: offset))
        guard !isFull else { return }
        let later = JSONTape.Word(JSONTape.Extent(next: 0, count: 0))
        words.append(later)
        words.append(later)
    }

    private mutating func close(_ mark: JSONTape.Word.Mark, _ end: Int) {
        guard let container = open.popLast(), !isFull else { return }
        words[container.index] = JSONTape.Word(mark, container.start..<end)
        words[container.index + 1] = JSONTape.Word(JSONTape.Extent(next: words.count, count: container.count))
        count(container.start..<end)
    }
}
