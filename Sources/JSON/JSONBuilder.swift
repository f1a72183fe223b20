/// The sink that builds a `JSON` value. Of duplicate keys the last value stays.
struct JSONBuilder: JSONSink {
    private enum Frame {
        case array([JSON])
        case object([JSONObject.Member], key: String)
    }
    private let bytes: UnsafeBufferPointer<UInt8>
    private var stack: [Frame] = []
    private(set) var result: JSON = .null

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func add(_ value: JSON) {
        guard let last = stack.indices.last else {
            result = value
            return
        }
        // The frame is taken out while it grows, so that its array is never shared, and so never copied.
        var frame = Frame.array([])
        swap(&frame, &stack[last])
        switch consume frame {
        case .array(var elements):
            elements.append(value)
            stack[last] = .array(elements)
        case .object(var members, let key):
            members.append(.init(key: key, value: value))
            stack[last] = .object(members, key: "")
        }
    }

    var depth: Int { stack.count }

    /// The key whose value comes next; nil outside of an object.
    var key: String? { if case .object(_, let key)? = stack.last { key } else { nil } }

    /// The value that the innermost open object has got last.
    var last: JSON? { if case .object(let members, _)? = stack.last { members.last?.value } else { nil } }

    mutating func null(at range: Range<Int>) { add(.null) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { add(.bool(value)) }
    mutating func integer(_ value: Int, at range: Range<Int>) { add(.integer(value)) }
    mutating func number(at range: Range<Int>) { add(.number(JSONNumber(in: bytes, range))) }
    mutating func string(_ string: JSONString) { add(.string(string.text(in: bytes))) }
    mutating func beginArray(with elements: [JSON]) { stack.append(.array(elements)) }
    mutating func beginArray(at offset: Int) { stack.append(.array([])) }
    mutating func beginObject(at offset: Int) { stack.append(.object([], key: "")) }

    mutating func key(_ string: JSONString) {
        guard let last = stack.indices.last, case .object(let members, _) = stack[last] else { return }
        stack[last] = .array([])
        stack[last] = .object(members, key: string.text(in: bytes))
    }

    mutating func endArray(at end: Int) {
        if case .array(let elements)? = stack.popLast() { add(.array(elements)) }
    }

    mutating func endObject(at end: Int) {
        if case .object(let members, _)? = stack.popLast() { add(.object(JSONObject(members))) }
    }
}

extension JSON {
    /// The value of a JSON text in UTF-8. Of duplicate keys the last value stays.
    public init(parsing bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 512) throws(JSONError) {
        self = try JSONParser.parse(bytes, into: JSONBuilder(bytes), maximumDepth: maximumDepth).result
    }

    public init(parsing bytes: [UInt8], maximumDepth: Int = 512) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try JSON(parsing: buffer, maximumDepth: maximumDepth) }
    }

    public init(parsing text: String, maximumDepth: Int = 512) throws(JSONError) {
        self = try JSON(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}
