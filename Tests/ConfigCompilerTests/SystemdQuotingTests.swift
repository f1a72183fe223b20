import Testing

@testable import ConfigCompiler

/// How systemd 252 reads what `SystemdQuoting` writes (extract_first_word, specifiers, replace_env_argv).
private enum SystemdReader {
    enum Fault: Error { case unbalanced, escape, specifier, variable, line }

    /// What is left of a line of a unit: systemd refuses noncharacters, and joins a line that ends with a backslash.
    static func line(_ text: String) throws -> String {
        guard !text.contains("\n"), !text.hasSuffix("\\"), !text.unicodeScalars.contains(where: SystemdQuoting.isUnprintable) else {
            throw Fault.line
        }
        return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    static func words(_ text: String) throws -> [[UInt8]] {
        var words: [[UInt8]] = []
        var bytes = Array(text.utf8)[...]
        while true {
            bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
            if bytes.isEmpty { return words }
            if bytes.first == UInt8(ascii: ";"), bytes.count == 1 || bytes[bytes.startIndex + 1] == 0x20 { throw Fault.line }
            var word: [UInt8] = []
            var quote: UInt8?
            while let byte = bytes.first {
                bytes = bytes.dropFirst()
                if byte == UInt8(ascii: "\\") {
                    word += try escape(&bytes)
                } else if let open = quote {
                    if byte == open { quote = nil } else { word.append(byte) }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    // Only at the beginning of a word does a quote open.
                    guard word.isEmpty else { throw Fault.unbalanced }
                    quote = byte
                } else if byte == 0x20 || byte == 0x09 {
                    break
                } else {
                    word.append(byte)
                }
            }
            guard quote == nil else { throw Fault.unbalanced }
            words.append(word)
        }
    }

    private static func escape(_ bytes: inout ArraySlice<UInt8>) throws -> [UInt8] {
        guard let kind = bytes.popFirst() else { throw Fault.escape }
        switch kind {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): return [kind]
        case UInt8(ascii: "x"):
            let digits = String(decoding: bytes.prefix(2), as: UTF8.self)
            bytes = bytes.dropFirst(2)
            guard let byte = UInt8(digits, radix: 16), byte != 0 else { throw Fault.escape }
            return [byte]
        default: throw Fault.escape
        }
    }

    static func specifiers(_ bytes: [UInt8]) throws -> [UInt8] { try doubled(UInt8(ascii: "%"), bytes, .specifier) }
    static func variables(_ bytes: [UInt8]) throws -> [UInt8] { try doubled(UInt8(ascii: "$"), bytes, .variable) }

    private static func doubled(_ mark: UInt8, _ bytes: [UInt8], _ fault: Fault) throws -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == mark {
                guard index + 1 < bytes.count, bytes[index + 1] == mark else { throw fault }
                index += 1
            }
            result.append(bytes[index])
            index += 1
        }
        return result
    }

    static func command(_ text: String) throws -> [String] {
        var text = try line(text)
        let isLiteral = text.hasPrefix(":")
        if isLiteral { text.removeFirst() }
        var result: [String] = []
        for (index, word) in try words(text).enumerated() {
            var word = try specifiers(word)
            if index == 0, word.contains(where: { $0 < 0x20 || $0 == 0x7F || "\"'\\".utf8.contains($0) }) { throw Fault.line }
            if !isLiteral { word = try variables(word) }
            result.append(String(decoding: word, as: UTF8.self))
        }
        return result
    }
}

@Suite struct SystemdQuotingTests {
    private static let awkward = [
        "", " ", "a b", "a  b ", "%", "%%h", "100%", "$", "$HOME", "${HOME}", "$$", "\"", "'", "it's", "\\", "a\\", "\\n", "\n", "\t", "\u{1}",
        "\u{7F}",
        ";", "\\;", "#", "=", "a=b", "@x", "-x", "+", "!", ":", "é", "日本 語", noncharacter(0xFFFE), noncharacter(0x1FFFF), noncharacter(0xFDD0),
        "\u{FEFF}", "\u{85}", "\u{2028}",
        "🦆",
        "a;b", "; ", "[Unit]", "\r", "%d/x", "a\"b'c\\d%e$f g\nh",
    ]

    private func random(_ generator: inout SystemRandomNumberGenerator) -> String {
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in Self.awkward.randomElement(using: &generator) ?? "" }.joined()
    }

    private func check(_ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let line = SystemdQuoting.command(words)
        let read = try SystemdReader.command(line)
        let isWrapped = read.count == words.count + 3
        #expect(isWrapped ? Array(read.dropFirst(3)) == words : read == words, "\(line)", sourceLocation: sourceLocation)
        if isWrapped { #expect(Array(read.prefix(3)) == ["/bin/sh", "-c", "exec \"$0\" \"$@\""], sourceLocation: sourceLocation) }
    }

    @Test func commandsReadBack() throws {
        for word in Self.awkward {
            try check(["/bin/prog", word, "end"])
            try check(["/opt/\(word)x/prog", word])
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 { try check(["/p\(random(&generator))"] + (0..<3).map { _ in random(&generator) }) }
    }

    @Test func expandedCommandsReadBack() throws {
        var generator = SystemRandomNumberGenerator()
        for word in Self.awkward + (0..<500).map({ _ in random(&generator) }) {
            let read = try SystemdReader.command("/bin/p " + SystemdQuoting.expandedWord(word))
            #expect(read == ["/bin/p", word])
        }
    }

    @Test func assignmentsReadBack() throws {
        for value in Self.awkward {
            let words = try SystemdReader.words(SystemdReader.line(SystemdQuoting.word("NAME=\(value)")))
            #expect(try words.map { String(decoding: try SystemdReader.specifiers($0), as: UTF8.self) } == ["NAME=\(value)"])
        }
    }

    @Test func pathsReadBackOrAreRefused() throws {
        for part in Self.awkward {
            let path = "/a\(part)"
            guard let written = try? SystemdQuoting.path(path) else {
                #expect(path.unicodeScalars.contains(where: SystemdQuoting.isUnprintable))
                continue
            }
            var read = String(decoding: try SystemdReader.specifiers(Array(try SystemdReader.line(written).utf8)), as: UTF8.self)
            while read.count > 1, read.hasSuffix("/") { read.removeLast() }
            #expect(read == path)
        }
    }
}
