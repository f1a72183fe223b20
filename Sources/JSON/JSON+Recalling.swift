/// Values of earlier texts, found again by their bytes alone.
public protocol JSONMemory {
    /// The value of the member `key`, if the text that begins with it begins with one that was learned: a list, an object or a string, whose
    /// end its own text shows.
    ///
    /// - Parameter rest: the text from the value's first byte on.
    /// - Returns: the value, and the length of its text.
    mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)?

    /// The first elements of the list that is the member's value, if its text begins like one that was learned.
    ///
    /// - Returns: one element at least, and where in the text each of them ends; the last is a list, an object or a string.
    mutating func recallBeginning(of key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (elements: [JSON], ends: [Int])?

    /// A member's value that was read, as it stands in the text.
    ///
    /// - Parameter ends: of a list, where in its text each element ends.
    mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON, ends: [Int])
}

extension JSON {
    /// The value of a JSON text in UTF-8, of which members of the outermost object are not read again where the memory knows them.
    ///
    /// It is the value that `init(parsing:)` gives.
    public init<Memory: JSONMemory>(
        parsing bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 512, recalling memory: inout Memory
    ) throws(JSONError) {
        let sink = try JSONParser.parse(bytes, into: RecallingBuilder(bytes, memory), maximumDepth: maximumDepth)
        memory = sink.memory
        self = sink.builder.result
    }
}

/// A builder that asks its memory for each member of the outermost object.
private struct RecallingBuilder<Memory: JSONMemory>: JSONSink {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var builder: JSONBuilder
    private(set) var memory: Memory
    /// The open member of the outermost object, and where its value began.
    private var member: (key: String, start: Int)?
    /// Where the elements of its list ended, from its start.
    private var ends: [Int] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ memory: Memory) {
        self.bytes = bytes
        self.memory = memory
        builder = JSONBuilder(bytes)
    }

    mutating func recall(at offset: Int) -> JSONRecall? {
        guard builder.depth == 1, let key = builder.key else { return nil }
        let rest = UnsafeBufferPointer(rebasing: bytes[offset...])
        if let found = memory.recall(key, rest) {
            builder.add(found.value)
            return .value(end: offset + found.length)
        }
        member = (key, offset)
        ends.removeAll(keepingCapacity: true)
        guard let found = memory.recallBeginning(of: key, rest), let end = found.ends.last else { return nil }
        builder.beginArray(with: found.elements)
        ends = found.ends
        return .beginning(end: offset + end)
    }

    /// After a value's last byte.
    private mutating func ended(_ end: Int) {
        guard let member else { return }
        switch builder.depth {
        case 1:
            guard let value = builder.last else { return }
            memory.learn(member.key, UnsafeBufferPointer(rebasing: bytes[member.start..<end]), value, ends: ends)
            self.member = nil
        case 2: if builder.key == nil { ends.append(end - member.start) }
        default: break
        }
    }

    mutating func null(at range: Range<Int>) {
        builder.null(at: range)
        endedInside(range.upperBound)
    }

    mutating func bool(_ value: Bool, at range: Range<Int>) {
        builder.bool(value, at: range)
        endedInside(range.upperBound)
    }

    mutating func integer(_ value: Int, at range: Range<Int>) {
        builder.integer(value, at: range)
        endedInside(range.upperBound)
    }

    mutating func number(at range: Range<Int>) {
        builder.number(at: range)
        endedInside(range.upperBound)
    }

    /// What shows no end of its own is an element, but no value to be learned.
    private mutating func endedInside(_ end: Int) {
        if builder.depth == 2 { ended(end) }
    }

    mutating func key(_ string: JSONString) { builder.key(string) }
    mutating func beginArray(at offset: Int) { builder.beginArray(at: offset) }
    mutating func beginObject(at offset: Int) { builder.beginObject(at: offset) }

    mutating func string(_ string: JSONString) {
        builder.string(string)
        ended(string.range.upperBound)
    }

    mutating func endArray(at end: Int) {
        builder.endArray(at: end)
        ended(end)
    }

    mutating func endObject(at end: Int) {
        builder.endObject(at: end)
        ended(end)
    }
}
