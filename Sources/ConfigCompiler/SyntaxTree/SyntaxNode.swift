import Diagnostics
import JSON

/// A value of a YAML or JSON text and where it stands.
///
/// What an alias stands for is shared, not copied: its node has the spans of the anchored value.
public struct SyntaxNode: Sendable {
    public enum Value: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(JSONNumber)
        case string(String)
        case sequence([SyntaxNode])
        case mapping([SyntaxEntry])
    }

    public enum Style: UInt8, Sendable { case plain, quoted, block }

    // In this order a node takes 48 bytes and an entry 80; there are millions of them in a large text.
    public var value: Value
    public var style: Style
    public var span: SourceSpan
    /// The `*name` through which the value came here.
    public var alias: SourceSpan?

    init(_ value: Value, at span: SourceSpan, style: Style = .plain) {
        self.value = value
        self.span = span
        self.style = style
    }

    /// As messages to users say it.
    public var typeName: String {
        switch value {
        case .null: "nothing"
        case .bool(let value): "the boolean \(value)"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A member of a mapping.
public struct SyntaxEntry: Sendable {
    public var key: String
    public var keySpan: SourceSpan
    public var keyStyle: SyntaxNode.Style
    /// Came through `<<`.
    public var isMerged = false
    public var value: SyntaxNode

    /// - Parameter name: of ASCII, so that bytes can be compared; comparing other texts is slow.
    func isNamed(_ name: String) -> Bool { key.utf8.count == name.utf8.count && key.utf8.elementsEqual(name.utf8) }

    /// Its name begins with `//`: a remark, as JSON has no comments.
    var isRemark: Bool { key.utf8.starts(with: "//".utf8) }

    init(key: String, keySpan: SourceSpan, keyStyle: SyntaxNode.Style, value: SyntaxNode) {
        self.key = key
        self.keySpan = keySpan
        self.keyStyle = keyStyle
        self.value = value
    }
}

extension SyntaxNode {
    /// The value without places; of duplicate keys the last value stays.
    public var json: JSON {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .sequence(let elements): .array(elements.map(\.json))
        case .mapping(let entries): .object(JSONObject(entries.map { JSONObject.Member(key: $0.key, value: $0.value.json) }))
        }
    }
}
