import Diagnostics
import JSON

/// Builds syntax nodes from the JSON parser's events.
struct JSONTreeSink: JSONSink {
    private enum Frame {
        case array([SyntaxNode], start: Int)
        case object([SyntaxEntry], start: Int, key: String, keySpan: Range<Int>)
    }

    private let file: FileID
    private let limits: SyntaxLimits
    private var stack: [Frame] = []
    private var nodes = 0
    private(set) var result: SyntaxNode?
    /// The first limit that the text passes. The parser goes on, but nothing more is kept.
    private(set) var violation: Diagnostic?

    init(file: FileID, limits: SyntaxLimits) {
        self.file = file
        self.limits = limits
    }

    private mutating func add(_ value: SyntaxNode.Value, _ range: Range<Int>, style: SyntaxNode.Style = .plain) {
        guard violation == nil else { return }
        nodes += 1
        if nodes > limits.nodes {
            violation = Diagnostic(
                .tooLarge, "more than \(limits.nodes) values", at: SourceSpan(file, range), label: "one too many")
            return
        }
        let node = SyntaxNode(value, at: SourceSpan(file, range), style: style)
        guard let last = stack.indices.last else {
            result = node
            return
        }
        // The frame is taken out while it grows, so that its array is never shared, and so never copied.
        var frame = Frame.array([], start: 0)
        swap(&frame, &stack[last])
        switch consume frame {
        case .array(var elements, let start):
            elements.append(node)
            stack[last] = .array(elements, start: start)
        case .object(var entries, let start, let key, let keySpan):
            entries.append(SyntaxEntry(key: key, keySpan: SourceSpan(file, keySpan), keyStyle: .quoted, value: node))
            stack[last] = .object(entries, start: start, key: "", keySpan: 0..<0)
        }
    }

    mutating func null(at range: Range<Int>) { add(.null, range) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { add(.bool(value), range) }
    mutating func integer(_ value: Int, at range: Range<Int>) { add(.integer(value), range) }
    mutating func number(_ value: JSONNumber, at range: Range<Int>) { add(.number(value), range) }

    mutating func string(_ value: String, at range: Range<Int>) {
        if value.utf8.count > limits.scalarBytes, violation == nil { violation = YAMLComposer.scalarTooLong(limits, SourceSpan(file, range)) }
        add(.string(value), range, style: .quoted)
    }

    mutating func beginArray(at offset: Int) { stack.append(.array([], start: offset)) }
    mutating func beginObject(at offset: Int) { stack.append(.object([], start: offset, key: "", keySpan: 0..<0)) }

    mutating func key(_ value: String, at range: Range<Int>) {
        if value.utf8.count > limits.keyBytes, violation == nil { violation = YAMLComposer.keyTooLong(limits, SourceSpan(file, range)) }
        guard let last = stack.indices.last, case .object(let entries, let start, _, _) = stack[last] else { return }
        stack[last] = .array([], start: 0)
        stack[last] = .object(entries, start: start, key: value, keySpan: range)
    }

    mutating func endArray(at end: Int) {
        if case .array(let elements, let start)? = stack.popLast() { add(.sequence(elements), start..<end) }
    }

    mutating func endObject(at end: Int) {
        if case .object(let entries, let start, _, _)? = stack.popLast() { add(.mapping(entries), start..<end) }
    }
}
