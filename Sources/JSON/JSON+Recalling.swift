/// Values of earlier texts, found again by their bytes alone.
public protocol JSONMemory {
    /// The value of the member `key`, if the text that begins with it begins with one that was learned: a list, an object or a string, whose
    /// end its own text shows.
    ///
    /// - Parameter rest: the text from the value's first byte on.
    /// - Returns: the value, and the length of its text.
    mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)?

    /// A member's value that was read, as it stands in the text.
    mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON)
}

extension JSON {
    /// The value of a JSON text in UTF-8, of which members of the outermost object are not read again where the memory knows them.
    ///
    /// It is the value that `init(parsing:)` gives.
    public init<Memory: JSONMemory>(
        parsing bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 512, recalling memory: inout Memory
    ) throws(JSONError) {
        let builder = try JSONParser.parse(bytes, into: RecallingBuilder(bytes, memory), maximumDepth: maximumDepth)
        memory = builder.memory
        self = builder.builder.result
    }
}

/// A builder that asks its memory for each member of the outermost object.
private struct RecallingBuilder<Memory: JSONMemory>: JSONSink {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var builder: JSONBuilder
    private(set) var memory: Memory
    /// The open member of the outermost object, and where its value began.
    private var member: (key: String, start: Int)?

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ memory: Memory) {
        self.bytes = bytes
        self.memory = memory
        builder = JSONBuilder(bytes)
    }

    mutating func recall(at offset: Int) -> Int? {
        guard builder.depth == 1, let key = builder.key else { return nil }
        if let found = memory.recall(key, UnsafeBufferPointer(rebasing: bytes[offset...])) {
            builder.add(found.value)
            return offset + found.length
        }
        member = (key, offset)
        return nil
    }

    private mutating func learn(end: Int) {
        guard builder.depth == 1, let member, let value = builder.last else { return }
        memory.learn(member.key, UnsafeBufferPointer(rebasing: bytes[member.start..<end]), value)
        self.member = nil
    }

    mutating func null(at range: Range<Int>) { builder.null(at: range) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { builder.bool(value, at: range) }
    mutating func integer(_ value: Int, at range: Range<Int>) { builder.integer(value, at: range) }
    mutating func number(at range: Range<Int>) { builder.number(at: range) }
    mutating func key(_ string: JSONString) { builder.key(string) }
    mutating func beginArray(at offset: Int) { builder.beginArray(at: offset) }
    mutating func beginObject(at offset: Int) { builder.beginObject(at: offset) }

    mutating func string(_ string: JSONString) {
        builder.string(string)
        learn(end: string.range.upperBound)
    }

    mutating func endArray(at end: Int) {
        builder.endArray(at: end)
        learn(end: end)
    }

    mutating func endObject(at end: Int) {
        builder.endObject(at: end)
        learn(end: end)
    }
}
