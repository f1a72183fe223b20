import Diagnostics

/// Words that are secrets by their look, and names whose values are, in whatever key they stand.
enum SecretWords {
    /// With what the keys of known services begin.
    private static let prefixes = [
        "sk-", "hf_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "gsk_", "r8_", "nvapi-", "pplx-", "AKIA", "AIza",
        "eyJ",
    ].map { Array($0.utf8) }
    /// For each byte, whether one of them begins with it.
    private static let begins: [Bool] = {
        var result = [Bool](repeating: false, count: 256)
        for prefix in prefixes { result[Int(prefix[0])] = true }
        return result
    }()

    /// The places of such words. What is only masked may be short: too much is masked rather than too little.
    static func ranges(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var index = 0
        let begins = Self.begins
        while index < bytes.count {
            guard begins[Int(bytes[index])], index == 0 || !bytes[index - 1].isWord,
                let prefix = prefixes.first(where: { bytes[index...].starts(with: $0) })
            else {
                index += 1
                continue
            }
            // What was looked at once is not looked at again: a text of nothing else must not take long.
            var end = index + prefix.count
            while end < bytes.count, bytes[end].isWord || bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: ".") { end += 1 }
            if end - index >= (prefix.count == 3 && prefix[0] == UInt8(ascii: "s") ? 8 : 16) { result.append(index..<end) }
            index = end
        }
        return result
    }

    /// Whether a text has such a word for certain: long, and with a digit.
    static func isIn(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            ranges(in: bytes).contains { range in range.count >= 20 && bytes[range].contains { (0x30...0x39).contains($0) } }
                || passwords(in: bytes).contains { bytes[$0].contains(UInt8(ascii: ":")) }
        }
    }

    /// `user:password` between `://` and `@`.
    static func passwords(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var index = 0
        while let colon = bytes[index...].firstIndex(of: UInt8(ascii: ":")) {
            index = colon + 1
            guard bytes[index...].starts(with: "//".utf8) else { continue }
            let start = colon + 3
            var end = start
            var at: Int?
            while end < bytes.count, bytes[end] > 0x20, !"/\"'".utf8.contains(bytes[end]) {
                if bytes[end] == UInt8(ascii: "@") { at = end }
                end += 1
            }
            if let at, at > start { result.append(start..<at) }
            index = end
        }
        return result
    }

    /// Whether a text that should be the name of a variable looks like a secret itself: long, in one piece, letters and digits mixed.
    static func isUnlikeName(_ text: String) -> Bool {
        text.utf8.count >= 20 && !text.contains("_") && text.contains(where: \.isNumber) && text.contains(where: \.isLetter)
    }

    /// Whether a variable or a flag is called as those are that hold a secret: `HF_TOKEN`, `--api-key`, `DB_PASSWORD`.
    static func isName(_ name: String) -> Bool {
        // Nearly every name ends otherwise, and every word of a file is asked about.
        guard let end = name.utf8.last(where: isPart), lastLetters.contains(end & 0xDF) else { return false }
        let words = name.uppercased().utf8.split { !isPart($0) }.map { String(Substring($0)) }
        guard let last = words.last, words.dropLast().allSatisfy({ !vocabulary.contains($0) }) else { return false }
        return endings.contains(last) || ["APIKEY", "TOKEN", "SECRET", "PASSWORD"].contains { last.hasSuffix($0) }
    }

    /// Of a word of a name: letters and digits, those beyond ASCII too.
    private static func isPart(_ byte: UInt8) -> Bool { byte >= 0x80 || byte.isLetterOrDigit }

    /// In upper case, of `endings`.
    private static let lastLetters = Set(endings.compactMap(\.utf8.last))

    private static let endings: Set<String> = [
        "KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASS", "CREDENTIAL", "CREDENTIALS", "JWT", "PAT", "AUTH", "AUTHORIZATION", "BEARER",
        "PASSPHRASE", "PWD",
    ]
    /// Tokens of models are no secrets.
    private static let vocabulary: Set<String> = [
        "EOS", "BOS", "PAD", "UNK", "SEP", "CLS", "MASK", "STOP", "START", "END", "IMAGE", "SPECIAL", "THINK", "TOOL", "MAX", "MIN", "NUM", "PER",
    ]

    /// Whether a value under such a name is none: empty, a number or a switch, a path, or a word that says that there is no secret.
    static func isHarmless(_ text: String) -> Bool {
        let word = text.lowercased()
        return Checker.placeholders.contains(word) || none.contains(word) || PathText.looksLikePath(text) || text.allSatisfy(\.isNumber)
    }

    /// Whether a text in the place of a secret plainly says where it is, or that there is none: `${NAME}`, `lm-studio`.
    static func isNoSecret(_ text: String) -> Bool {
        if Checker.placeholders.contains(text) { return true }
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return false }
        let name = String(text.dropFirst(2).dropLast())
        return name.utf8.allSatisfy(\.isWord) && !isUnlikeName(name) && !isIn(name)
    }

    private static let none: Set<String> = [
        "none", "null", "empty", "dummy", "fake", "test", "x", "xxx", "true", "false", "yes", "no", "no-key", "no-key-required", "not-needed",
        "unused",
        "ollama", "basic", "bearer", "digest", "oauth", "oauth2", "token",
    ]

    /// Whether a text has `--api-key=VALUE`, `API_KEY=VALUE`, `--api-key VALUE`, `Authorization: VALUE` or `Bearer VALUE`, with a value that
    /// must not be shown.
    static func hasArgument(_ text: String) -> Bool {
        // One word alone can only be a flag without its value.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 <= 0x20 }) else { return false }
        let words = text.utf8.split { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }
        return words.indices.contains { index in
            let word = words[index]
            if let equals = word.firstIndex(of: UInt8(ascii: "=")) {
                let name = word[..<equals].split { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "&") }.last
                return isName(name.map { String(Substring($0)) } ?? "") && !isHarmless(String(Substring(word[word.index(after: equals)...])))
            }
            // Nearly every word is none of these, and is not looked at more closely.
            let isFlag = word.first == UInt8(ascii: "-") || word.last == UInt8(ascii: ":")
            guard index + 1 < words.count, isFlag ? isName(String(Substring(word))) : Substring(word).lowercasedIs("bearer") else { return false }
            // `Authorization: Basic VALUE` says first of what kind the value is.
            let isKind = index + 2 < words.count && ["basic", "bearer", "digest"].contains { Substring(words[index + 1]).lowercasedIs($0) }
            let next = String(Substring(words[index + (isKind ? 2 : 1)]))
            if isFlag { return !isHarmless(next) }
            return next.utf8.count >= 8 && (next.utf8.count >= 16 || next.contains(where: \.isNumber))
        }
    }
}

extension Substring {
    /// - Parameter word: in lower case.
    fileprivate func lowercasedIs(_ word: String) -> Bool { utf8.count == word.utf8.count && lowercased() == word }
}
