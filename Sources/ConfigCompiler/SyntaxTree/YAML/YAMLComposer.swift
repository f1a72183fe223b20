import Diagnostics
import JSON

/// Builds syntax nodes from events: types by the core schema, anchors shared, merge keys resolved, limits checked at each event.
struct YAMLComposer {
    /// What a value is, aliases written out.
    private struct Size {
        var values = 1
        /// Of texts and names.
        var bytes = 0

        static func += (left: inout Size, right: Size) {
            left.values += right.values
            left.bytes += right.bytes
        }
    }

    private struct Frame {
        var key: (text: String, span: SourceSpan, style: SyntaxNode.Style)?
        /// Whether `<<` is among its keys.
        var merges = false
        let isMapping: Bool
        /// Where its values begin among the pending ones.
        let first: Int
        let start: Int
        let anchor: String?
        var size = Size()
    }

    private struct Anchor {
        var node: SyntaxNode
        var size: Size
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: FileID
    private let limits: SyntaxLimits
    private var stack: [Frame] = []
    private let elements = PendingValues<SyntaxNode>()
    private let entries = PendingValues<SyntaxEntry>()
    private var anchors: [String: Anchor] = [:]
    private var total = 0
    private var aliases = 0
    /// What they stand for.
    private var aliasBytes = 0
    private var failed = false
    private(set) var documents: [SyntaxNode] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(bytes: UnsafeBufferPointer<UInt8>, file: FileID, limits: SyntaxLimits) {
        self.bytes = bytes
        self.file = file
        self.limits = limits
    }

    /// Reads the whole stream, up to the first fault.
    mutating func run() {
        var events = YAMLEvents(bytes)
        var misreading = YAMLMisreading(bytes: bytes, file: file)
        do throws(YAMLEvents.Failure) {
            while !failed {
                let event = try events.next()
                if let fault = misreading.fault(in: event) { return fail(fault) }
                if case .streamEnd = event.kind { break }
                take(event)
            }
        } catch {
            fail(YAMLSyntaxFault(bytes: bytes, file: file, limits: limits).diagnostic(error))
        }
    }

    private mutating func fail(_ diagnostic: Diagnostic) {
        failed = true
        documents = []
        diagnostics.append(diagnostic)
    }

    private func span(_ range: Range<Int>) -> SourceSpan { SourceSpan(file, range) }

    private mutating func take(_ event: YAMLEvents.Event) {
        switch event.kind {
        case .streamStart, .streamEnd: break
        case .documentStart: anchors = [:]
        case .documentEnd: break
        case .alias(let name): alias(name, event.range)
        case .scalar(let text, let tag, let anchor, let style): scalar(text, tag, anchor, style, event.range)
        case .sequenceStart(let tag, let anchor): open(isMapping: false, tag, anchor, event.range)
        case .mappingStart(let tag, let anchor): open(isMapping: true, tag, anchor, event.range)
        case .sequenceEnd, .mappingEnd: close(event.range)
        }
    }

    private mutating func open(isMapping: Bool, _ tag: String?, _ anchor: String?, _ range: Range<Int>) {
        if let tag, tag != "!", tag != (isMapping ? Self.core + "map" : Self.core + "seq"), !limits.passesUnknownTags {
            return fail(unknownTag(tag, range))
        }
        if let last = stack.last, last.isMapping, last.key == nil {
            return fail(
                Diagnostic(.notRepresentable, "a key must be a text, not \(isMapping ? "a mapping" : "a list")", at: span(range), label: "this key"))
        }
        guard stack.count < limits.depth else { return fail(limits.tooDeep(span(range))) }
        stack.append(Frame(isMapping: isMapping, first: isMapping ? entries.count : elements.count, start: range.lowerBound, anchor: anchor))
        // What an anchor meant before is gone while its new value is open: an alias inside it is a cycle.
        if let anchor { anchors[anchor] = nil }
    }

    private mutating func close(_ range: Range<Int>) {
        guard let frame = stack.popLast() else { return }
        // A block collection ends where the next token begins; the last value tells where its text ends.
        let last =
            frame.isMapping
            ? entries.last(from: frame.first).map { max($0.value.span.end, $0.keySpan.end) } : elements.last(from: frame.first)?.span.end
        let isFlow = range.lowerBound < range.upperBound
        let end = isFlow ? range.upperBound : max(frame.start, min(last ?? frame.start, range.upperBound))
        let place = span(frame.start..<max(frame.start, end))
        if frame.isMapping {
            let own = entries.take(from: frame.first)
            let all = frame.merges ? YAMLMerge.resolve(own, &diagnostics) : own
            finish(SyntaxNode(.mapping(all), at: place), size: frame.size, anchor: frame.anchor)
        } else {
            finish(SyntaxNode(.sequence(elements.take(from: frame.first)), at: place), size: frame.size, anchor: frame.anchor)
        }
    }

    private mutating func scalar(_ text: String, _ tag: String?, _ anchor: String?, _ style: SyntaxNode.Style, _ range: Range<Int>) {
        let place = span(range)
        let isKey = stack.last.map { $0.isMapping && $0.key == nil } ?? false
        if isKey, text.utf8.count > limits.keyBytes { return fail(limits.keyTooLong(place)) }
        if text.utf8.count > limits.scalarBytes { return fail(limits.scalarTooLong(place)) }
        let value: SyntaxNode.Value
        switch tag {
        case nil where style != .plain, "!", Self.core + "str": value = .string(text)
        case nil:
            guard case .value(let resolved) = CoreSchema.resolve(text) else { return fail(notFinite(text, place)) }
            value = resolved
        default:
            guard let resolved = tagged(tag ?? "", text, range) else { return }
            value = resolved
        }
        if isKey {
            // A key is its text, whatever a value of that text would be.
            if let anchor { remember(anchor, SyntaxNode(value, at: place, style: style), size: Size(bytes: text.utf8.count)) }
            stack[stack.count - 1].size.bytes += text.utf8.count
            stack[stack.count - 1].key = (text, place, style)
            if style == .plain, text == "<<" { stack[stack.count - 1].merges = true }
        } else {
            finish(SyntaxNode(value, at: place, style: style), size: Size(bytes: text.utf8.count), anchor: anchor)
        }
    }

    private static let core = "tag:yaml.org,2002:"

    private mutating func tagged(_ tag: String, _ text: String, _ range: Range<Int>) -> SyntaxNode.Value? {
        guard ["null", "bool", "int", "float"].contains(where: { tag == Self.core + $0 }) else {
            if limits.passesUnknownTags { return .string(text) }
            fail(unknownTag(tag, range))
            return nil
        }
        guard case .value(let value) = CoreSchema.resolve(text) else {
            fail(notFinite(text, span(range)))
            return nil
        }
        switch (tag.dropFirst(Self.core.count), value) {
        case ("null", .null), ("bool", .bool), ("int", .integer), ("float", .integer), ("float", .number): return value
        default:
            fail(Diagnostic(.unknownTag, "the text does not fit its tag `!!\(tag.dropFirst(Self.core.count))`", at: span(range), label: "this value"))
            return nil
        }
    }

    private mutating func alias(_ name: String, _ range: Range<Int>) {
        let place = span(range)
        guard let anchor = anchors[name] else {
            if let open = stack.first(where: { $0.anchor == name }) {
                return fail(
                    Diagnostic(
                        .aliasCycle, "`*\(name)` stands inside its own anchor", at: place, label: "this would contain itself",
                        secondary: [.init(span(open.start..<open.start + 1), "`&\(name)` is still open here")]))
            }
            let near = anchors.count > 100 ? nil : Spelling.nearest(to: name, among: Array(anchors.keys))
            return fail(
                Diagnostic(
                    .unknownAlias, "`*\(name)` has no anchor before it", at: place, label: "stands for `&\(name)`",
                    notes: [near.map { "did you mean `*\($0)`?" }, "a text that begins with `*` must be quoted"].compactMap { $0 }))
        }
        aliases += 1
        guard aliases <= limits.aliases else {
            return fail(Diagnostic(.tooLarge, "more than \(limits.aliases) aliases", at: place, label: "one too many"))
        }
        guard total + anchor.size.values <= limits.nodes else {
            return fail(expansion(anchor, place, "\(limits.nodes) values", "\(anchor.size.values) values"))
        }
        aliasBytes += anchor.size.bytes
        guard aliasBytes <= limits.aliasBytes else {
            return fail(expansion(anchor, place, "\(limits.aliasBytes) bytes of text", "\(anchor.size.bytes) bytes"))
        }
        if let last = stack.indices.last, stack[last].isMapping, stack[last].key == nil {
            guard case .string(let text) = anchor.node.value else {
                return fail(Diagnostic(.notRepresentable, "a key must be a text", at: place, label: "stands for \(anchor.node.typeName)"))
            }
            stack[last].key = (text, place, .quoted)
            stack[last].size.bytes += anchor.size.bytes
            return
        }
        var node = anchor.node
        node.alias = place
        finish(node, size: anchor.size, anchor: nil)
    }

    private func expansion(_ anchor: Anchor, _ place: SourceSpan, _ limit: String, _ size: String) -> Diagnostic {
        let start = anchor.node.span.start
        return Diagnostic(
            .aliasExpansion, "the aliases stand for more than \(limit)", at: place, label: "stands for \(size)",
            secondary: [.init(span(start..<min(anchor.node.span.end, start + 1)), "defined here")])
    }

    private mutating func remember(_ anchor: String, _ node: SyntaxNode, size: Size) {
        if anchors.count >= limits.anchors, anchors[anchor] == nil {
            return fail(Diagnostic(.tooLarge, "more than \(limits.anchors) anchors", at: node.span, label: "one too many"))
        }
        anchors[anchor] = Anchor(node: node, size: size)
    }

    /// Gives a finished value to the container that is open.
    private mutating func finish(_ node: SyntaxNode, size: Size, anchor: String?) {
        total += node.alias == nil ? 1 : size.values
        guard total <= limits.nodes else {
            return fail(limits.tooManyValues(node.alias ?? node.span))
        }
        if let anchor { remember(anchor, node, size: size) }
        guard let last = stack.indices.last else { return documents.append(node) }
        stack[last].size += size
        guard stack[last].isMapping else { return elements.push(node) }
        guard let key = stack[last].key else { return }
        stack[last].key = nil
        entries.push(SyntaxEntry(key: key.text, keySpan: key.span, keyStyle: key.style, value: node))
    }
}

extension YAMLComposer {
    private func unknownTag(_ tag: String, _ range: Range<Int>) -> Diagnostic {
        Diagnostic(
            .unknownTag, "unknown tag `\(tag.prefix(80))`",
            at: SourceSpan(file, range.lowerBound..<min(range.upperBound, range.lowerBound + max(1, tag.utf8.count))),
            label: "only the core schema's tags are read", notes: ["remove the tag, or quote a text that begins with `!`"])
    }

    private func notFinite(_ text: String, _ place: SourceSpan) -> Diagnostic {
        Diagnostic(
            .notRepresentable, "`\(text.prefix(40))` is not a finite number", at: place, label: "JSON has no form for it",
            notes: ["quote it where a text is meant"])
    }
}
