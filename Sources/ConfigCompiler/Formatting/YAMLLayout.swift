/// Writes a YAML text anew, token by token: what a token says stays as it is, only the white space between tokens is chosen.
///
/// Two spaces for each level, lists below their key as everything else; one space after `:`, `,` and `-`; `{ a: 1 }` and `[1, 2]`.
/// Line breaks stay where the author put them, of several blank lines one. Brackets that are closed on a line of their own stand
/// deeper than the key before them, since YAML 1.2 wants it so.
struct YAMLLayout {
    struct Frame {
        enum Kind { case sequence, mapping, flowSequence, flowMapping }
        var kind: Kind
        /// A list at the column of its key, for which there is no token of its own.
        var isVirtual = false
        /// Where its entries stood, and where they stand now.
        var oldColumn: Int
        var column: Int
        /// Where the bracket at its end stands, where that begins a line.
        var closingColumn = 0
        /// Whether the key at hand was announced by `?`, or there is none.
        var isExplicit = true

        var isFlow: Bool { kind == .flowSequence || kind == .flowMapping }
    }

    let bytes: [UInt8]
    private let tokens: [YAMLTokens.Token]
    var out: [UInt8] = []
    private var lineStart = 0
    /// Of the line that is being written.
    private var lineIndentation = 0
    private(set) var frames: [Frame] = []
    /// Collections that ended since the last token.
    private var closed: [Frame] = []
    /// Collections that begin with the next token.
    private var starting: [Frame.Kind] = []
    private var isKeyNext = false
    private var previous: YAMLTokens.Kind?
    private var end = 0
    private var scanned = 0
    private var oldLineStart = 0
    /// The gap at hand begins a line, after a blank line that belongs to no token.
    private var startsLine = true
    private var isAfterBlankLine = false
    private var needsNoBreak = false
    /// As they were written, in order.
    private(set) var comments: [ArraySlice<UInt8>] = []

    private init(_ bytes: [UInt8], _ tokens: [YAMLTokens.Token]) {
        self.bytes = bytes
        self.tokens = tokens
        out.reserveCapacity(bytes.count + bytes.count / 8)
    }

    /// - Parameter text: without a byte order mark, read without a fault.
    /// - Returns: nil where a gap holds what is not understood.
    static func write(_ text: [UInt8]) -> (text: [UInt8], comments: [ArraySlice<UInt8>])? {
        guard let tokens = text.withUnsafeBufferPointer({ YAMLTokens.all(in: $0) }) else { return nil }
        var layout = YAMLLayout(text, tokens)
        for token in tokens where !layout.take(token) { return nil }
        return (layout.out, layout.comments)
    }

    private mutating func take(_ token: YAMLTokens.Token) -> Bool {
        switch token.kind {
        case .blockSequenceStart: starting.append(.sequence)
        case .blockMappingStart: starting.append(.mapping)
        case .blockEnd:
            closeVirtual()
            if let frame = frames.popLast() { closed.append(frame) }
        case .key where token.range.isEmpty:
            closeVirtual()
            isKeyNext = true
        default: return write(token)
        }
        return true
    }

    /// Bytes before a token on its line; tokens come in order.
    private mutating func column(of offset: Int) -> Int {
        while scanned < offset {
            if bytes[scanned] == 0x0A || bytes[scanned] == 0x0D { oldLineStart = scanned + 1 }
            scanned += 1
        }
        return offset - oldLineStart
    }

    private mutating func closeVirtual() {
        if starting.isEmpty, let last = frames.last, last.isVirtual { closed.append(frames.removeLast()) }
    }

    private mutating func write(_ token: YAMLTokens.Token) -> Bool {
        guard let gap = YAMLGap(bytes, end..<token.range.lowerBound, startsLine: startsLine, isAfterBlankLine: isAfterBlankLine) else { return false }
        if token.kind == .key || token.kind == .value { closeVirtual() }
        let isVirtual = token.kind == .blockEntry && starting.isEmpty && frames.last?.kind == .mapping
        if isVirtual { starting = [.sequence] }
        let oldColumn = column(of: token.range.lowerBound)
        let target = target(token.kind, isVirtual)
        for comment in gap.comments { write(comment, before: (oldColumn, target), token.kind) }
        if token.kind == .end {
            if !out.isEmpty, !needsNoBreak || !gap.comments.isEmpty, out.last != 0x0A { out.append(0x0A) }
            return true
        }
        if gap.endsLine {
            beginLine(target, isAfterBlankLine: gap.endsInBlankLine)
        } else {
            out += repeatElement(0x20, count: distance(to: token.kind))
        }
        let newColumn = gap.endsLine ? target : out.count - lineStart
        for kind in starting { frames.append(Frame(kind: kind, isVirtual: isVirtual, oldColumn: oldColumn, column: newColumn)) }
        (starting, closed) = ([], [])
        if isKeyNext, !frames.isEmpty { frames[frames.count - 1].isExplicit = false }
        isKeyNext = false
        (startsLine, isAfterBlankLine) = (false, false)
        end = token.range.upperBound
        append(token)
        previous = token.kind
        return true
    }

    // MARK: Columns

    /// Where the token stands if it begins a line.
    private func target(_ kind: YAMLTokens.Kind, _ isVirtual: Bool) -> Int {
        switch kind {
        case .directive, .documentStart, .documentEnd, .end: return 0
        default: break
        }
        let top = frames.last
        if let top, top.isFlow { return kind == .flowSequenceEnd || kind == .flowMappingEnd ? top.closingColumn : top.column }
        if !starting.isEmpty || isVirtual { return (top?.column ?? -2) + 2 }
        if kind == .blockEntry || kind == .key || kind == .value || isKeyNext { return top?.column ?? 0 }
        return (top?.column ?? -2) + 2
    }

    private mutating func beginLine(_ indentation: Int, isAfterBlankLine: Bool) {
        if !out.isEmpty {
            if out.last != 0x0A { out.append(0x0A) }
            if isAfterBlankLine, !out.suffix(2).elementsEqual([0x0A, 0x0A]) { out.append(0x0A) }
        }
        lineStart = out.count
        lineIndentation = indentation
        out += repeatElement(0x20, count: indentation)
    }

    // MARK: Comments

    private mutating func write(_ comment: YAMLGap.Comment, before next: (old: Int, new: Int), _ kind: YAMLTokens.Kind) {
        comments.append(bytes[comment.range])
        if comment.isAlone {
            beginLine(column(of: comment, before: next), isAfterBlankLine: comment.isAfterBlankLine)
        } else {
            out += repeatElement(0x20, count: comment.distance == 1 ? 1 : 2)
        }
        out += bytes[comment.range]
    }

    /// That of what follows; a comment that stands deeper belongs to what ends before it.
    private func column(of comment: YAMLGap.Comment, before next: (old: Int, new: Int)) -> Int {
        if let top = frames.last, top.isFlow { return top.column }
        guard comment.column > next.old else { return next.new }
        let open = frames + closed.reversed()
        if let last = open.last, comment.column > last.oldColumn, previous != .scalar(.block) { return max(next.new, last.column + 2) }
        return max(next.new, open.last { $0.oldColumn <= comment.column }?.column ?? 0)
    }

    // MARK: Tokens

    /// Spaces between two tokens of one line.
    private func distance(to kind: YAMLTokens.Kind) -> Int {
        guard let previous else { return 0 }
        if kind == .value, frames.last?.isExplicit == false { return [.alias, .anchor, .tag].contains(previous) ? 1 : 0 }
        switch (previous, kind) {
        case (.flowMappingStart, .flowMappingEnd), (.flowSequenceStart, _): return 0
        case (.tag, _), (.value, _), (.key, _): return 1
        case (_, .flowEntry), (_, .flowSequenceEnd): return 0
        default: return 1
        }
    }

    private mutating func append(_ token: YAMLTokens.Token) {
        switch token.kind {
        case .key: if !frames.isEmpty { frames[frames.count - 1].isExplicit = true }
        case .value: if !frames.isEmpty { frames[frames.count - 1].isExplicit = true }
        case .scalar(.block): return appendBlockScalar(token.range)
        case .scalar:
            let text = bytes[token.range]
            if text.contains(0x0A) || text.contains(0x0D) {
                let indentation = frames.last.map { $0.isFlow ? $0.column : $0.column + 2 } ?? 2
                return FoldedLines.append(text, isDoubleQuoted: text.first == UInt8(ascii: "\""), indentation: indentation, to: &out)
            }
        case .flowSequenceEnd, .flowMappingEnd: _ = frames.popLast()
        default: break
        }
        out += bytes[token.range]
        if token.kind == .flowSequenceStart || token.kind == .flowMappingStart { openFlow(token) }
    }

    private mutating func openFlow(_ token: YAMLTokens.Token) {
        let block = frames.last { !$0.isFlow }?.column ?? -2
        frames.append(
            Frame(
                kind: token.kind == .flowSequenceStart ? .flowSequence : .flowMapping, oldColumn: 0, column: max(lineIndentation, block) + 2,
                closingColumn: max(lineIndentation, block + 2)))
    }

    private mutating func appendBlockScalar(_ range: Range<Int>) {
        let block = frames.last
        let scalar = BlockScalarLines(bytes, range, column: block?.oldColumn)
        out += scalar.head
        if let comment = scalar.comment {
            comments.append(bytes[comment.range])
            out += repeatElement(0x20, count: comment.distance == 1 ? 1 : 2)
            out += bytes[comment.range]
        }
        let endsLine = bytes[range].last == 0x0A || bytes[range].last == 0x0D
        if endsLine || scalar.hasLines { out.append(0x0A) }
        scalar.append(column: block?.column, to: &out)
        lineStart = out.count
        (startsLine, isAfterBlankLine, needsNoBreak) = (endsLine, scalar.hasBlankEnd, scalar.needsNoBreak)
    }
}
