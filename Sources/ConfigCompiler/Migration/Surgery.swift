import Diagnostics
import JSON

/// Edits of single entries that leave everything around them as it is.
extension MigrationText {
    /// What a new member is: words, numbers, or members of its own.
    indirect enum NewValue {
        /// As JSON writes it; bare words are for YAML's block style.
        case word(String)
        case text(String)
        case members([(key: String, value: NewValue)])
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a mapping is written in braces.
    func isFlow(_ node: SyntaxNode) -> Bool {
        var index = node.span.start
        while index < bytes.count, bytes[index] == UInt8(ascii: "&") || bytes[index] == UInt8(ascii: "!") {
            while index < bytes.count, !isBlank(bytes[index]), bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
            while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        }
        return index < bytes.count && bytes[index] == UInt8(ascii: "{")
    }

    /// Where the last byte of an entry's value is, white space left out.
    func end(of entry: SyntaxEntry) -> Int {
        var end = entry.keySpan.end
        if let colon = bytes[end...].firstIndex(where: { !isBlank($0) }), bytes[colon] == UInt8(ascii: ":") { end = colon + 1 }
        let value = entry.value.alias ?? entry.value.span
        if value.file == entry.keySpan.file, value.end > end { end = value.end }
        while end > entry.keySpan.end, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D || isBlank(bytes[end - 1]) { end -= 1 }
        return end
    }

    private func lineStart(_ offset: Int) -> Int { source.lineStarts[source.lineIndex(of: offset)] }
    private func lineEnd(_ offset: Int) -> Int { source.lineRange(source.lineIndex(of: offset)).upperBound }

    private func column(of offset: Int) -> Int { offset - lineStart(offset) }

    private func span(_ range: Range<Int>) -> SourceSpan { SourceSpan(FileID(0), range) }

    /// Whether only spaces stand before the key on its line.
    private func beginsLine(_ offset: Int) -> Bool { bytes[lineStart(offset)..<offset].allSatisfy { $0 == 0x20 } }

    /// The lines of an entry that has them for itself, and the comment behind it; nil where it shares them with others.
    private func ownLines(_ entry: Entry) -> (lines: Range<Int>, comment: Range<Int>?)? {
        let start = entry.span.start
        let end = end(of: entry.entry)
        guard !isJSON, !isFlow(entry.container), beginsLine(start) else { return nil }
        let rest = end..<lineEnd(end)
        guard let first = bytes[rest].firstIndex(where: { !isBlank($0) }) else { return (lineStart(start)..<rest.upperBound, nil) }
        return bytes[first] == UInt8(ascii: "#") ? (lineStart(start)..<rest.upperBound, first..<rest.upperBound) : nil
    }

    private var newline: String { bytes.firstRange(of: [0x0D, 0x0A]) == nil ? "\n" : "\r\n" }

    // MARK: Taking away

    /// Turns an entry into a comment, its reason above it; nil where it shares its lines with others.
    func commentingOut(_ entry: Entry, reason: String) -> [Fix.Edit]? {
        guard let lines = ownLines(entry)?.lines else { return nil }
        let column = column(of: entry.span.start)
        var edits: [Fix.Edit] = []
        for line in source.lineIndex(of: lines.lowerBound)...source.lineIndex(of: lines.upperBound) {
            let range = source.lineRange(line)
            let spaces = bytes[range].prefix { $0 == 0x20 }.count
            guard spaces < range.count else { continue }
            let place = range.lowerBound + min(spaces, column)
            let isFirst = edits.isEmpty
            let head = isFirst ? "# \(reason)\(newline)\(String(repeating: " ", count: column))" : ""
            edits.append(.init(span(place..<place), head + "# "))
        }
        return edits
    }

    /// Gives an entry a name that means nothing: the comment of JSON.
    func renamingAway(_ entry: Entry) -> [Fix.Edit] {
        guard case .mapping(let siblings) = entry.container.value else { return [] }
        let names = Set(siblings.map(\.key))
        var name = "// \(entry.entry.key)"
        var number = 2
        while names.contains(name) {
            name = "// \(entry.entry.key) \(number)"
            number += 1
        }
        return [.init(entry.span, JSON.string(name).text)]
    }

    /// Whether a comment stands between a key and its value.
    private func hasCommentInside(_ entry: SyntaxEntry) -> Bool {
        let value = entry.value.alias ?? entry.value.span
        guard value.file == entry.keySpan.file, !value.isEmpty, value.start > entry.keySpan.end else { return false }
        return bytes[entry.keySpan.end..<value.start].contains(UInt8(ascii: "#"))
    }

    /// Takes an entry out, with its line or its comma; a comment behind it stays. Nil where that would take more away.
    func removing(_ entry: Entry) -> [Fix.Edit]? {
        if hasCommentInside(entry.entry) { return nil }
        if let (lines, comment) = ownLines(entry) {
            if let comment { return [.init(span(entry.span.start..<comment.lowerBound), "")] }
            return [.init(span(lines.lowerBound..<min(bytes.count, afterBreak(lines.upperBound))), "")]
        }
        guard isJSON || isFlow(entry.container), case .mapping(let members) = entry.container.value else { return nil }
        let own = members.filter { !$0.isMerged }
        guard let index = own.firstIndex(where: { $0.keySpan == entry.span }) else { return nil }
        let end = end(of: entry.entry)
        if own.count == 1 { return [.init(span(entry.span.start..<end), "")] }
        // What stands at the start of a line takes the comma behind it along, so that the lines stay as they are.
        let before = index > 0 ? self.end(of: own[index - 1]) : nil
        if let before, !beginsLine(entry.span.start), isComma(before..<entry.span.start) { return [.init(span(before..<end), "")] }
        if index + 1 < own.count, isComma(end..<own[index + 1].keySpan.start) {
            return [.init(span(entry.span.start..<own[index + 1].keySpan.start), "")]
        }
        if let before, isComma(before..<entry.span.start) { return [.init(span(before..<end), "")] }
        return nil
    }

    func afterBreak(_ offset: Int) -> Int {
        guard offset < bytes.count else { return offset }
        return bytes[offset] == 0x0D && offset + 1 < bytes.count && bytes[offset + 1] == 0x0A ? offset + 2 : offset + 1
    }

    /// White space and one comma, nothing else.
    private func isComma(_ range: Range<Int>) -> Bool {
        var commas = 0
        for byte in bytes[range] {
            if byte == UInt8(ascii: ",") { commas += 1 } else if !isBlank(byte), byte != 0x0A, byte != 0x0D { return false }
        }
        return commas == 1
    }

    // MARK: Adding

    /// A new member behind an entry, in the style of the mapping.
    func inserting(_ key: String, _ value: NewValue, after entry: Entry) -> [Fix.Edit] {
        let end = end(of: entry.entry)
        let column = column(of: entry.span.start)
        guard isJSON || isFlow(entry.container) else {
            let place = lineEnd(end)
            let indent = newline + String(repeating: " ", count: column)
            return [.init(span(place..<place), indent + block(key, value, column))]
        }
        let isAlone = beginsLine(entry.span.start) && bytes[end..<lineEnd(end)].allSatisfy { isBlank($0) || $0 == UInt8(ascii: ",") }
        let indent = isAlone ? newline + String(repeating: " ", count: column) : nil
        return [.init(span(end..<end), ",\(indent ?? " ")" + flow(key, value, indent, isQuoted: entry.entry.keyStyle == .quoted))]
    }

    /// A new member at the head of a mapping, in its style; in braces where there is none yet. Nil where that is no place for one.
    func inserting(_ key: String, _ value: NewValue, into parent: Entry) -> [Fix.Edit]? {
        switch parent.entry.value.value {
        case .null: return giving(key, value, to: parent)
        case .mapping(let members):
            guard parent.entry.value.alias == nil else { return nil }
            guard let first = members.first else { return filling(key, value, parent) }
            guard !first.isMerged else { return nil }
            return inserting(
                key, value, into: parent, before: Entry(path: parent.path + [first.key], entry: first, container: parent.entry.value))
        default: return nil
        }
    }

    /// Into `{}`.
    private func filling(_ key: String, _ value: NewValue, _ parent: Entry) -> [Fix.Edit]? {
        let range = parent.entry.value.span.range
        guard !range.isEmpty, bytes[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        let member = flow(key, value, nil, isQuoted: parent.entry.keyStyle == .quoted)
        let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
        // A comment between the braces goes on to the end of its line.
        if bytes[inside].allSatisfy({ isBlank($0) }) { return [.init(span(range), "{ \(member) }")] }
        return [.init(span(inside.lowerBound..<inside.lowerBound), " \(member)")]
    }

    /// A mapping in the place of `null`, or of nothing behind the colon.
    private func giving(_ key: String, _ value: NewValue, to parent: Entry) -> [Fix.Edit]? {
        let braces = "{ \(flow(key, value, nil, isQuoted: parent.entry.keyStyle == .quoted)) }"
        let own = parent.entry.value.span
        guard !hasProperty(own) || own.isEmpty else { return nil }
        if !own.isEmpty { return [.init(own, braces)] }
        guard let colon = bytes[parent.span.end...].firstIndex(where: { !isBlank($0) }), bytes[colon] == UInt8(ascii: ":") else { return nil }
        return [.init(span(colon + 1..<colon + 1), " \(braces)")]
    }

    /// - Parameter first: the member that stands at the head.
    private func inserting(_ key: String, _ value: NewValue, into parent: Entry, before first: Entry) -> [Fix.Edit] {
        let start = first.span.start
        let column = column(of: start)
        if isJSON || isFlow(first.container) {
            let separator = beginsLine(start) ? newline + String(repeating: " ", count: column) : " "
            return [.init(span(start..<start), flow(key, value, nil, isQuoted: first.entry.keyStyle == .quoted) + "," + separator)]
        }
        // Above the comments that stand before the first member.
        let place = lineEnd(parent.span.end)
        return [.init(span(place..<place), newline + String(repeating: " ", count: column) + block(key, value, column))]
    }

    private func block(_ key: String, _ value: NewValue, _ column: Int) -> String {
        switch value {
        case .word(let word): return "\(key): \(word)"
        case .text(let text): return "\(key): \(JSON.string(text).text)"
        case .members(let members):
            let indent = newline + String(repeating: " ", count: column + 2)
            return "\(key):" + members.map { indent + block($0.key, $0.value, column + 2) }.joined()
        }
    }

    private func flow(_ key: String, _ value: NewValue, _ indent: String?, isQuoted: Bool) -> String {
        let name = isQuoted ? JSON.string(key).text : key
        switch value {
        case .word(let word): return "\(name): \(word)"
        case .text(let text): return "\(name): \(isQuoted ? JSON.string(text).text : text)"
        case .members(let members):
            let inner = indent.map { $0 + "  " }
            let texts = members.map { flow($0.key, $0.value, inner, isQuoted: isQuoted) }
            guard let indent, let inner else { return "\(name): { \(texts.joined(separator: ", ")) }" }
            return "\(name): {\(inner)\(texts.joined(separator: ",\(inner)"))\(indent)}"
        }
    }

    /// A key in the style of the one that it replaces.
    func name(_ text: String, as entry: SyntaxEntry) -> String { entry.keyStyle == .quoted ? JSON.string(text).text : text }
}
