import Diagnostics
import JSON

/// Builds syntax nodes from the JSON parser's events.
struct JSONTreeSink: JSONSink {
    /// A list or mapping that is not closed: where it began in the text, and in the pending values.
    private struct Frame {
        let start: Int
        let first: Int
        let isObject: Bool
    }

    private let file: FileID
    private let limits: SyntaxLimits
    private var stack: [Frame] = []
    private let elements = PendingValues<SyntaxNode>()
    private let entries = PendingValues<SyntaxEntry>()
    /// The keys of the open mappings whose values are not there yet, the innermost last.
    private var keys: [(text: String, span: SourceSpan)] = []
    private var nodes = 0
    private(set) var result: SyntaxNode?
    /// The first limit that the text passes. The parser goes on, but nothing more is kept.
    private(set) var violation: Diagnostic? {
        didSet { isViolated = true }
    }
    private var isViolated = false

    init(file: FileID, limits: SyntaxLimits) {
        self.file = file
        self.limits = limits
    }

    @inline(__always)
    private mutating func add(_ value: consuming SyntaxNode.Value, _ range: Range<Int>, style: SyntaxNode.Style = .plain) {
        guard !isViolated else { return }
        nodes += 1
        guard nodes <= limits.nodes else { return refuse(range) }
        let node = SyntaxNode(value, at: SourceSpan(file, range), style: style)
        guard let frame = stack.last else {
            result = node
            return
        }
        if frame.isObject {
            guard let key = keys.popLast() else { return }
            entries.push(SyntaxEntry(key: key.text, keySpan: key.span, keyStyle: .quoted, value: node))
        } else {
            elements.push(node)
        }
    }

    private mutating func refuse(_ range: Range<Int>) {
        violation = Diagnostic(.tooLarge, "more than \(limits.nodes) values", at: SourceSpan(file, range), label: "one too many")
    }

    mutating func null(at range: Range<Int>) { add(.null, range) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { add(.bool(value), range) }
    mutating func integer(_ value: Int, at range: Range<Int>) { add(.integer(value), range) }
    mutating func number(_ value: JSONNumber, at range: Range<Int>) { add(.number(value), range) }

    mutating func string(_ value: String, at range: Range<Int>) {
        // A text has at most as many bytes as its writing.
        if range.count > limits.scalarBytes, value.utf8.count > limits.scalarBytes, !isViolated {
            violation = limits.scalarTooLong(SourceSpan(file, range))
        }
        add(.string(value), range, style: .quoted)
    }

    mutating func beginArray(at offset: Int) { stack.append(Frame(start: offset, first: elements.count, isObject: false)) }
    mutating func beginObject(at offset: Int) { stack.append(Frame(start: offset, first: entries.count, isObject: true)) }

    mutating func key(_ value: String, at range: Range<Int>) {
        guard !isViolated else { return }
        if range.count > limits.keyBytes, value.utf8.count > limits.keyBytes {
            violation = limits.keyTooLong(SourceSpan(file, range))
        }
        keys.append((value, SourceSpan(file, range)))
    }

    mutating func endArray(at end: Int) {
        guard let frame = stack.popLast() else { return }
        add(.sequence(elements.take(from: frame.first)), frame.start..<end)
    }

    mutating func endObject(at end: Int) {
        guard let frame = stack.popLast() else { return }
        add(.mapping(entries.take(from: frame.first)), frame.start..<end)
    }
}
