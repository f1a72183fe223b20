/// A JSON value that keeps what a document said: the order of members and the exact text of numbers.
///
/// Equality is that of meaning: the order of an object's members does not count; the text of a number and the bytes of a string do.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number whose text is the canonical decimal form of a 64-bit integer.
    case integer(Int)
    /// Any other number, as it was written (a fraction, an exponent, an integer beyond 64 bits, `-0`).
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// A number kept as its RFC 8259 text.
public struct JSONNumber: Sendable, Hashable {
    public let text: String

    /// - Precondition: `text` is a number by RFC 8259; the parser and the initialisers below give nothing else.
    init(unchecked text: String) { self.text = text }

    /// - Parameter text: nil where it is not one number by RFC 8259.
    public init?(_ text: String) {
        guard let last = text.utf8.last, let first = text.utf8.first, first > 0x20, last >= UInt8(ascii: "0"), last <= UInt8(ascii: "9") else {
            return nil
        }
        switch try? JSON(parsing: text) {
        case .integer?, .number?: self.init(unchecked: text)
        default: return nil
        }
    }

    /// The shortest text of `value` by ECMAScript; nil for what is not finite.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.init(unchecked: ECMAScriptNumber.text(of: value))
    }

    /// The nearest binary64 value; infinite where the text is beyond its range.
    public var double: Double { Double(text) ?? .nan }
}

extension JSON {
    /// A JSON number of `value`, an integer where that is exact. JSON has no infinities or NaN: they become null.
    public static func double(_ value: Double) -> JSON {
        guard value.isFinite else { return .null }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992, !(value == 0 && value.sign == .minus) { return .integer(Int(value)) }
        return .number(JSONNumber(unchecked: ECMAScriptNumber.text(of: value)))
    }

    public var isNull: Bool { self == .null }
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var intValue: Int? { if case .integer(let value) = self { value } else { nil } }
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// Any number, as binary64.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value.double
        default: nil
        }
    }

    /// The member `key` of an object; nil for an absent member and for anything but an object.
    public subscript(key: String) -> JSON? { objectValue?[key] }

    /// The element at `index` of an array; nil outside it and for anything but an array.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The name of the value's type, as messages to users say it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "a mapping"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
}
