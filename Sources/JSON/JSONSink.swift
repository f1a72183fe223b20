/// What a parse finds, told to a sink as it happens; ranges are byte offsets into the text.
///
/// The sinks are the plain value (`JSONBuilder`) and the flat list with places (`JSONTapeBuilder`): one grammar serves both.
protocol JSONSink {
    mutating func null(at range: Range<Int>)
    mutating func bool(_ value: Bool, at range: Range<Int>)
    mutating func integer(_ value: Int, at range: Range<Int>)
    /// Any other number, within the range of binary64.
    mutating func number(at range: Range<Int>)
    mutating func string(_ string: JSONString)
    mutating func beginArray(at offset: Int)
    mutating func endArray(at end: Int)
    mutating func beginObject(at offset: Int)
    mutating func key(_ string: JSONString)
    mutating func endObject(at end: Int)

    /// Asked at the first byte of each value: what of it the sink knows and has taken.
    mutating func recall(at offset: Int) -> JSONRecall?
}

enum JSONRecall {
    /// The whole value, up to here.
    case value(end: Int)
    /// A list and its first elements, up to the end of the last of them.
    case beginning(end: Int)
}

extension JSONSink {
    @inline(__always)
    mutating func recall(at offset: Int) -> JSONRecall? { nil }
}

/// A string of a text: checked, and not decoded before somebody asks.
struct JSONString {
    /// With its quotes.
    let range: Range<Int>
    let isEscaped: Bool
    /// Whether its writing is of ASCII.
    let isASCII: Bool

    /// - Parameter bytes: the text that it was found in.
    func text(in bytes: UnsafeBufferPointer<UInt8>) -> String {
        let contents = UnsafeBufferPointer(rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
        return isEscaped ? JSONEscapes.decoded(contents) : String(decoding: contents, as: UTF8.self)
    }
}
