import Diagnostics

/// Finds what looks like a secret in a text that has no tree, or under keys that are not known, so that no frame shows it.
enum SecretScan {
    private static let words = ["apikey", "api_key", "api-key", "token", "secret", "password", "passwd", "credential"]

    static func isSecretName(_ key: String) -> Bool {
        let name = key.lowercased()
        return words.contains { name.contains($0) }
    }

    /// Values after names of secrets, line by line, and words that begin as the keys of known services do.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
            if end - start < 64 << 10 { result += ranges(inLine: start..<end, bytes) }
            start = end + 1
        }
        return result
    }

    private static func ranges(inLine line: Range<Int>, _ bytes: [UInt8]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var lastName = line.lowerBound
        for index in line {
            if bytes[index] == UInt8(ascii: ":") {
                let name = String(decoding: bytes[lastName..<index].suffix(64), as: UTF8.self)
                if isSecretName(name), let value = value(after: index, line, bytes) { result.append(value) }
                lastName = index + 1
            } else if bytes[index] == UInt8(ascii: "s"), bytes[index...].starts(with: "sk-".utf8),
                index == line.lowerBound || !isWord(bytes[index - 1])
            {
                let end = bytes[index..<line.upperBound].firstIndex { !isWord($0) && $0 != UInt8(ascii: "-") } ?? line.upperBound
                if end - index >= 8 { result.append(index..<end) }
            }
        }
        return result
    }

    /// The scalar after a colon; nil for references, numbers and what has no value on the line.
    private static func value(after colon: Int, _ line: Range<Int>, _ bytes: [UInt8]) -> Range<Int>? {
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
        switch value {
        case .string: [span]
        case .sequence(let elements): elements.flatMap(\.textSpans)
        case .mapping(let entries): entries.flatMap(\.value.textSpans)
        default: []
        }
    }
}
