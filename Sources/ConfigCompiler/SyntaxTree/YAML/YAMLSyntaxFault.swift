import Diagnostics
import JSON

/// Says what libyaml's error means to the author of the text.
struct YAMLSyntaxFault {
    let bytes: UnsafeBufferPointer<UInt8>
    let file: FileID
    let limits: SyntaxLimits

    func diagnostic(_ failure: YAMLEvents.Failure) -> Diagnostic {
        let offset = min(failure.offset, bytes.count)
        let line = lineRange(offset)
        if failure.problem.contains("tab character") || hasTabIndentation(line, offset) { return tab(line) }
        switch failure.problem {
        case "found character that cannot start any token": return reserved(offset, line, isInBrackets: failure.isInBrackets)
        case "did not find expected alphabetic or numeric character":
            return reserved(failure.contextOffset ?? offset, line, isInBrackets: failure.isInBrackets)
        case "mapping values are not allowed in this context": return strayColon(offset, line)
        case "could not find expected ':'": return missingColon(failure.contextOffset ?? offset)
        case "did not find expected key", "did not find expected '-' indicator": return misaligned(offset, failure)
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'": return unclosed(offset, failure)
        case "found unexpected end of stream", "found unexpected document indicator":
            return Diagnostic(
                .unclosedQuote, "a quote is not closed", at: span(failure.contextOffset ?? offset), label: "opened here",
                notes: ["inside quotes, `\"` is written `\\\"` between double ones, and `'` is written `''` between single ones"])
        case "found unknown escape character": return unknownEscape(offset)
        case "found undefined tag handle": return Diagnostic(.unknownTag, "unknown tag handle", at: span(offset), label: "not defined in this file")
        case "did not find expected <document start>" where offset < bytes.count:
            return Diagnostic(
                .yamlSyntax, "unexpected text after the value", at: span(offset), label: "the value before it is complete",
                notes: ["is the line indented as its neighbours are?"])
        default:
            let context = failure.context.isEmpty ? "" : " \(failure.context)"
            return Diagnostic(
                .yamlSyntax, "\(failure.problem)\(context)", at: span(offset), label: offset == bytes.count ? "the text ends here" : "here",
                secondary: failure.contextOffset.filter { $0 != offset && $0 < bytes.count }.map { [.init(span($0), "begun here")] } ?? [])
        }
    }

    private func span(_ offset: Int) -> SourceSpan { SourceSpan(file, offset..<min(offset + 1, bytes.count)) }

    private func lineRange(_ offset: Int) -> Range<Int> {
        var start = min(offset, bytes.count)
        while start > 0, bytes[start - 1] != 0x0A, bytes[start - 1] != 0x0D { start -= 1 }
        var end = min(offset, bytes.count)
        while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
        return start..<end
    }

    private func indentation(_ line: Range<Int>) -> Range<Int> {
        let end = bytes[line].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? line.upperBound
        return line.lowerBound..<end
    }

    private func hasTabIndentation(_ line: Range<Int>, _ offset: Int) -> Bool {
        let indentation = indentation(line)
        return offset <= indentation.upperBound && bytes[indentation].contains(0x09)
    }

    private func tab(_ line: Range<Int>) -> Diagnostic {
        let indentation = indentation(line)
        return tab(in: (bytes[indentation].firstIndex(of: 0x09) ?? indentation.lowerBound)..<indentation.upperBound)
    }

    /// - Parameter blanks: white space that begins with a tab.
    private func tab(in blanks: Range<Int>) -> Diagnostic {
        let tabs = SourceSpan(file, blanks)
        let spaces = bytes[tabs.range].reduce(0) { $0 + ($1 == 0x09 ? 2 : 1) }
        return Diagnostic(
            .tabIndentation, "a tab is used for indentation", at: tabs, label: "a tab",
            fixes: spaces > 256 ? [] : [Fix("use two spaces for each tab", .suggestion, edits: [.init(tabs, String(repeating: " ", count: spaces))])])
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// From `start` to the end of the line, or of the element inside brackets, without a comment and the white space before it.
    private func unquoted(from start: Int, _ line: Range<Int>, isInBrackets: Bool = false) -> SourceSpan {
        let isEnd = { (index: Int) in
            bytes[index] == UInt8(ascii: "#") && isBlank(bytes[index - 1]) || isInBrackets && ",[]{}".utf8.contains(bytes[index])
        }
        var end = (start..<line.upperBound).dropFirst().first(where: isEnd) ?? line.upperBound
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return SourceSpan(file, start..<end)
    }

    /// - Parameter isCertain: false where the text may be meant otherwise than as one text.
    private func quote(_ span: SourceSpan, isCertain: Bool) -> [Fix] {
        guard !span.isEmpty else { return [] }
        let text = String(decoding: bytes[span.range], as: UTF8.self)
        guard !text.contains("\"") else { return [] }
        // With one of these it may be several texts, whose bracket is missing.
        let isOne = !bytes[span.range].contains { ",]}".utf8.contains($0) }
        return [Fix("quote the text", isCertain && isOne ? .safe : .suggestion, edits: [.init(span, JSON.string(text).text)])]
    }

    private func reserved(_ offset: Int, _ line: Range<Int>, isInBrackets: Bool) -> Diagnostic {
        guard offset < bytes.count, line.contains(offset) else { return Diagnostic(.yamlSyntax, "unexpected character", at: span(offset)) }
        // YAML 1.2 takes a tab here before a text, libyaml before nothing: quotes around it would make it part of the text.
        if bytes[offset] == 0x09 { return tab(in: offset..<(bytes[offset..<line.upperBound].firstIndex { !isBlank($0) } ?? line.upperBound)) }
        let text = unquoted(from: offset, line, isInBrackets: isInBrackets)
        let character = String(decoding: bytes[offset..<min(offset + 1, bytes.count)], as: UTF8.self)
        return Diagnostic(
            .reservedIndicator, "an unquoted text must not begin with `\(character)`", at: span(offset), label: "reserved in YAML",
            fixes: quote(text, isCertain: !isInBrackets && !bytes[text.range].contains(UInt8(ascii: ":"))))
    }

    private func strayColon(_ offset: Int, _ line: Range<Int>) -> Diagnostic {
        let start = indentation(line).upperBound
        if offset - start > 1000 { return limits.keyTooLong(SourceSpan(file, start..<min(offset, bytes.count))) }
        let first = (start..<offset).first { bytes[$0] == UInt8(ascii: ":") && $0 + 1 < bytes.count && bytes[$0 + 1] == 0x20 }
        if first == nil, let before = precedingKeyWithoutSpace(line, start) { return missingColon(before) }
        guard let first, var value = (first + 1..<offset).first(where: { !isBlank(bytes[$0]) }) else {
            return Diagnostic(
                .indentation, "this key is indented differently from its neighbours", at: SourceSpan(file, start..<max(start, offset)),
                label: "not in their column",
                notes: ["keys of one mapping stand in one column; a key below another one needs a line `key:` above it"])
        }
        if bytes[value] == UInt8(ascii: "-"), isBlank(bytes[value + 1]) {
            value = (value + 1..<offset).first { !isBlank(bytes[$0]) } ?? offset
        }
        let text = unquoted(from: value, line)
        // An anchor, a tag or a text in quotes may stand at its head, and is not part of one text then.
        let isPlain = !"&*!'".utf8.contains(bytes[value])
        return Diagnostic(
            .unquotedColon, "a colon and a space inside an unquoted text", at: span(offset), label: "begins another value",
            secondary: [.init(text, "this text needs quotes")], fixes: quote(text, isCertain: isPlain))
    }

    /// The start of the line before, where it is `key:value` in the same column: the two lines are then one text to YAML.
    private func precedingKeyWithoutSpace(_ line: Range<Int>, _ start: Int) -> Int? {
        guard line.lowerBound > 0 else { return nil }
        let before = lineRange(line.lowerBound - 1)
        let text = indentation(before).upperBound..<before.upperBound
        guard text.lowerBound - before.lowerBound == start - line.lowerBound, bytes[text].contains(UInt8(ascii: ":")) else { return nil }
        let colons = text.filter { bytes[$0] == UInt8(ascii: ":") }
        return colons.allSatisfy { $0 + 1 < before.upperBound && bytes[$0 + 1] != 0x20 } ? text.lowerBound : nil
    }

    private func missingColon(_ offset: Int) -> Diagnostic {
        let line = lineRange(offset)
        let key = unquoted(from: min(offset, line.upperBound), line)
        if key.range.count > limits.keyBytes { return limits.keyTooLong(key) }
        let colon = key.range.first { bytes[$0] == UInt8(ascii: ":") }
        let fixes =
            colon.map {
                [Fix("put a space after the colon", .suggestion, edits: [.init(SourceSpan(file, $0 + 1..<$0 + 1), " ")])]
            } ?? []
        return Diagnostic(.missingColon, "a key without `: `", at: key, label: "a colon and a space must follow a key", fixes: fixes)
    }

    private func misaligned(_ offset: Int, _ failure: YAMLEvents.Failure) -> Diagnostic {
        if offset < bytes.count, [UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ",")].contains(bytes[offset]) {
            return Diagnostic(
                .yamlSyntax, "`\(UnicodeScalar(bytes[offset]))` without a bracket that opens before it", at: span(offset),
                label: "nothing is open here")
        }
        return Diagnostic(
            .indentation, "the indentation of this line does not fit", at: span(offset),
            label: offset == bytes.count ? "the text ends here" : "not in the column of its neighbours",
            secondary: failure.contextOffset.filter { $0 != offset && $0 < bytes.count }.map { [.init(span($0), "begun in this column")] } ?? [])
    }

    private func unclosed(_ offset: Int, _ failure: YAMLEvents.Failure) -> Diagnostic {
        let open = failure.contextOffset ?? offset
        let bracket = open < bytes.count ? String(UnicodeScalar(bytes[open])) : "["
        return Diagnostic(
            .unclosedCollection, "`\(bracket)` is not closed", at: span(offset), label: "expected `,` or `\(bracket == "{" ? "}" : "]")` before this",
            secondary: [.init(span(open), "opened here")])
    }

    private func unknownEscape(_ offset: Int) -> Diagnostic {
        let end = min(offset + 2, bytes.count)
        let start = offset > 0 && offset < bytes.count && bytes[offset] != UInt8(ascii: "\\") ? offset - 1 : offset
        return Diagnostic(
            .unknownEscape, "unknown escape in double quotes", at: SourceSpan(file, start..<max(start, min(start + 2, end))),
            label: "not an escape of YAML",
            notes: ["write `\\\\` for a backslash, or use single quotes"])
    }
}

extension Optional {
    fileprivate func filter(_ condition: (Wrapped) -> Bool) -> Wrapped? { flatMap { condition($0) ? $0 : nil } }
}
