import Diagnostics

/// Finds what looks like a secret in a text that has no tree, or under keys that are not known, so that no frame shows it.
enum SecretScan {
    /// In lower case; the bytes of names, since a flood of keys must not take long.
    private static let words = ["apikey", "api_key", "api-key", "token", "secret", "password", "passwd", "credential"].map { Array($0.utf8) }

    static func isSecretName(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { isSecretName($0) }
    }

    private static func isSecretName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for start in name.indices {
            // Setting the bit makes an ASCII letter a lower-case one; what it makes of others is in no word.
            switch name[start] | 0x20 {
            case UInt8(ascii: "a"), UInt8(ascii: "t"), UInt8(ascii: "s"), UInt8(ascii: "p"), UInt8(ascii: "c"):
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

    /// Values after names of secrets, line by line, and words that begin as the keys of known services do.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBufferPointer { bytes in
            var result: [Range<Int>] = []
            var start = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
                if end - start < 64 << 10 { collect(inLine: start..<end, bytes, &result) }
                start = end + 1
            }
            return result
        }
    }

    private static func collect(inLine line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>, _ result: inout [Range<Int>]) {
        var lastName = line.lowerBound
        var index = line.lowerBound
        while index < line.upperBound {
            var next = index + 1
            if bytes[index] == UInt8(ascii: ":") {
                if isSecretName(UnsafeBufferPointer(rebasing: bytes[lastName..<index].suffix(64))), let value = value(after: index, line, bytes) {
                    result.append(value)
                    next = value.upperBound
                }
                lastName = index + 1
            } else if bytes[index] == UInt8(ascii: "s"), index == line.lowerBound || !isWord(bytes[index - 1]),
                bytes[index..<line.upperBound].starts(with: "sk-".utf8)
            {
                // What was looked at once is not looked at again: a line of nothing else must not take long.
                next = bytes[index..<line.upperBound].firstIndex { !isWord($0) && $0 != UInt8(ascii: "-") } ?? line.upperBound
                if next - index >= 8 { result.append(index..<next) }
            }
            index = next
        }
    }

    /// The scalar after a colon; nil for references, numbers and what has no value on the line.
    private static func value(after colon: Int, _ line: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        guard let first = bytes[(colon + 1)..<line.upperBound].firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return nil }
        if bytes[first] == UInt8(ascii: "{") || bytes[first] == UInt8(ascii: "[") { return nil }
        let quote = bytes[first] == UInt8(ascii: "\"") || bytes[first] == UInt8(ascii: "'") ? bytes[first] : nil
        let end: Int
        if let quote {
            end = bytes[(first + 1)..<line.upperBound].firstIndex(of: quote).map { $0 + 1 } ?? line.upperBound
        } else {
            end = bytes[first..<line.upperBound].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? line.upperBound
        }
        let text = bytes[first..<end]
        return text.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x20 || $0 == UInt8(ascii: "_") }) || text.isEmpty ? nil : first..<end
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
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
