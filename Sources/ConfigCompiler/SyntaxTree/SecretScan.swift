import Diagnostics

/// Finds secrets by the names before them in a text that has no tree, or under keys that are not known, so that no frame shows them.
enum SecretScan {
    /// In lower case; the bytes of names, since a flood of keys must not take long.
    private static let words = ["apikey", "api_key", "api-key", "token", "secret", "password", "passwd", "credential", "authorization", "bearer"].map
    { Array($0.utf8) }

    static func isSecretName(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { isSecretName($0) }
    }

    private static func isSecretName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for start in name.indices {
            // Setting the bit makes an ASCII letter a lower-case one; what it makes of others is in no word.
            switch name[start] | 0x20 {
            case UInt8(ascii: "a"), UInt8(ascii: "t"), UInt8(ascii: "s"), UInt8(ascii: "p"), UInt8(ascii: "c"), UInt8(ascii: "b"):
                if words.contains(where: { hasWord($0, in: name, at: start) }) { return true }
            default: continue
            }
        }
        return false
    }

    private static func hasWord(_ word: [UInt8], in name: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        guard start + word.count <= name.count else { return false }
        for offset in word.indices {
            let byte = name[start + offset]
            guard byte == word[offset] || (byte < 0x5B && byte > 0x40 && byte | 0x20 == word[offset]) else { return false }
        }
        return true
    }

    /// Values after names of secrets, and words that look like keys, in a text of which no tree is known.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBufferPointer { bytes in
            var result = SecretWords.ranges(in: bytes)
            var start = 0
            // The indentation of a name of a secret whose value goes on below it.
            var open: Int?
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
                let first = bytes[start..<end].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? end
                if let indentation = open, first < end {
                    if first - start > indentation { result.append(first..<end) } else { open = nil }
                }
                let own = ranges(inLine: start..<end, bytes)
                result += own
                if open == nil, goesOn(first..<end, own.last, bytes) { open = first - start }
                start = end + 1
            }
            return result
        }
    }

    /// Whether the value of the line's last name of a secret does not end on its line: none is there, a block begins, or a quote is open.
    private static func goesOn(_ line: Range<Int>, _ value: Range<Int>?, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let colon = bytes[line].lastIndex(of: UInt8(ascii: ":")) else { return false }
        let isLast = bytes[(colon + 1)..<line.upperBound].allSatisfy { $0 == 0x20 || $0 == 0x09 }
        if isLast { return isSecretName(UnsafeBufferPointer(rebasing: bytes[line.lowerBound..<colon].suffix(64))) }
        guard let value, value.upperBound == line.upperBound else { return false }
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "|"), UInt8(ascii: ">"): return true
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return value.count == 1 || bytes[value.upperBound - 1] != bytes[value.lowerBound]
        case UInt8(ascii: "{"), UInt8(ascii: "["): return true
        // An unquoted text may go on below.
        default: return true
        }
    }

    /// The values in one line: after a name of a secret and `:`, `=`, or, where the name is a flag's, a blank.
    static func ranges(inLine line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        // In a block, commas and brackets belong to an unquoted text.
        let bracket = bytes[line].firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? line.upperBound
        var lastName = line.lowerBound
        var index = line.lowerBound
        while index < line.upperBound {
            var next = index + 1
            let byte = bytes[index]
            let flag = byte == 0x20 ? flag(endingIn: lastName..<index, bytes) : nil
            if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") || flag != nil {
                let name = bytes[(flag ?? lastName)..<index].suffix(64)
                if isSecretName(UnsafeBufferPointer(rebasing: name)),
                    let value = value(
                        after: index, line, bytes, isPlural: hasPlural(name), isWord: byte != UInt8(ascii: ":"), isFlow: bracket < index)
                {
                    result.append(value)
                    next = value.upperBound
                }
                // What comes after the value is another name.
                lastName = next
            }
            index = next
        }
        return result
    }

    /// The start of `--name` or `-name` where the bytes end with one.
    private static func flag(endingIn range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var start = range.upperBound
        while start > range.lowerBound, bytes[start - 1].isWord || bytes[start - 1] == UInt8(ascii: "-") { start -= 1 }
        return start < range.upperBound && bytes[start] == UInt8(ascii: "-") ? start : nil
    }

    /// Names of counts: `maxTokens`, `min_tokens_for_cache`.
    private static func hasPlural(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let word = Array("tokens".utf8)
        guard name.count >= word.count else { return false }
        return (name.startIndex...(name.endIndex - word.count)).contains { start in
            zip(name[start...], word).allSatisfy { $0 | 0x20 == $1 }
        }
    }

    /// The value after a name; nil where there is none on the line, and for counts.
    ///
    /// - Parameters:
    ///   - isWord: it ends at a blank, as in URLs and command lines.
    ///   - isFlow: a bracket stands before it, so that it ends at a comma.
    private static func value(
        after mark: Int, _ line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>, isPlural: Bool, isWord: Bool, isFlow: Bool
    ) -> Range<Int>? {
        guard let first = bytes[(mark + 1)..<line.upperBound].firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return nil }
        var end: Int
        switch bytes[first] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "{"), UInt8(ascii: "["):
            end = bytes[first] > UInt8(ascii: "'") ? endOfCollection(first, line, bytes) : endOfQuote(first, line, bytes)
            // What stands beside it where nothing can stand may be the rest of it.
            let next = bytes[end..<line.upperBound].first { $0 != 0x20 && $0 != 0x09 }
            if let next, !",]}:#".utf8.contains(next) { end = line.upperBound }
        default:
            end =
                bytes[first..<line.upperBound].firstIndex {
                    (isFlow && ($0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}"))) || (isWord && ($0 <= 0x20 || "&\"'".utf8.contains($0)))
                } ?? line.upperBound
        }
        let text = bytes[first..<end]
        let isCount = text.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x20 || $0 == UInt8(ascii: "_") }
        return text.isEmpty || (isCount && (isPlural || text.count < 8)) ? nil : first..<end
    }

    private static func endOfQuote(_ start: Int, _ line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let quote = bytes[start]
        var index = start + 1
        while index < line.upperBound {
            if bytes[index] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                index += 1
            } else if bytes[index] == quote {
                return index + 1
            }
            index += 1
        }
        return line.upperBound
    }

    private static func endOfCollection(_ start: Int, _ line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var depth = 0
        for index in start..<line.upperBound {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth == 0 { return index + 1 }
        }
        return line.upperBound
    }
}

extension SyntaxNode {
    /// The places of all texts in it.
    var textSpans: [SourceSpan] {
        var result: [SourceSpan] = []
        collectTexts(&result)
        return result
    }

    private func collectTexts(_ result: inout [SourceSpan]) {
        switch value {
        case .string: result.append(span)
        case .sequence(let elements):
            for element in elements { element.collectTexts(&result) }
        case .mapping(let entries):
            for entry in entries { entry.value.collectTexts(&result) }
        default: break
        }
    }
}
