import Diagnostics
import JSON

/// One document of a text. All of it is known and within the limits; nodes and values are made of it when somebody asks.
enum SyntaxDocument: Sendable {
    case yaml(SyntaxNode)
    case json(JSONTape, [UInt8], FileID)

    var node: SyntaxNode {
        switch self {
        case .yaml(let node): node
        case .json(let tape, let bytes, let file): bytes.withUnsafeBufferPointer { SyntaxNode(tape.root(in: $0), file) }
        }
    }

    /// The value without places; of duplicate keys the last value stays.
    var value: JSON {
        switch self {
        case .yaml(let node): node.json
        case .json(let tape, let bytes, _): bytes.withUnsafeBufferPointer { tape.root(in: $0).json }
        }
    }

    /// A finding for each key that a mapping has twice, at any depth.
    func duplicateKeys() -> [Diagnostic] {
        if case .json(let tape, let bytes, _) = self, !bytes.withUnsafeBufferPointer({ tape.mayRepeatKeys(in: $0) }) { return [] }
        return node.duplicateKeys()
    }
}

extension SyntaxNode {
    init(_ value: JSONTape.Value, _ file: FileID) {
        let span = SourceSpan(file, value.range)
        switch value.kind {
        case .null: self.init(.null, at: span)
        case .bool(let bool): self.init(.bool(bool), at: span)
        case .integer(let integer): self.init(.integer(integer), at: span)
        case .number(let number): self.init(.number(number), at: span)
        case .string(let text): self.init(.string(text), at: span, style: .quoted)
        case .array:
            var elements: [SyntaxNode] = []
            elements.reserveCapacity(value.count)
            value.forEachElement { elements.append(SyntaxNode($0, file)) }
            self.init(.sequence(elements), at: span)
        case .object:
            var entries: [SyntaxEntry] = []
            entries.reserveCapacity(value.count)
            value.forEachMember { key, range, member in
                entries.append(SyntaxEntry(key: key, keySpan: SourceSpan(file, range), keyStyle: .quoted, value: SyntaxNode(member, file)))
            }
            self.init(.mapping(entries), at: span)
        }
    }
}
