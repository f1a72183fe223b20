/// Which regular expressions llama.cpp turns into grammars that its own parser reads.
enum LlamaPattern {
    /// What may stand behind a backslash: what the conversion unescapes, and what a grammar's literal or set knows.
    private static let escapesOutside = Set("^$.[](){}|*+?\\\"tnr")
    private static let escapesInside = Set("[]\\\"tnr")

    static func compiles(_ pattern: String) -> Bool {
        guard pattern.hasPrefix("^"), pattern.hasSuffix("$"), pattern.count >= 2, !pattern.hasSuffix("\\$") else { return false }
        let characters = Array(pattern.dropFirst().dropLast())
        var index = 0
        var depth = 0
        var canRepeat = false
        while index < characters.count {
            let character = characters[index]
            switch character {
            case "\\":
                guard index + 1 < characters.count, escapesOutside.contains(characters[index + 1]) else { return false }
                index += 1
                canRepeat = true
            case "[":
                guard let end = endOfSet(characters, from: index + 1) else { return false }
                index = end
                canRepeat = true
            case "(":
                // Look-around, names and flags; `(?:` is read by newer servers only.
                guard index + 1 < characters.count, characters[index + 1] != "?" else { return false }
                depth += 1
                canRepeat = false
            case ")":
                guard depth > 0, canRepeat else { return false }
                depth -= 1
            case "|":
                guard canRepeat else { return false }
                canRepeat = false
            case "*", "+", "?":
                guard canRepeat, !repeats(characters, at: index + 1) else { return false }
            case "{":
                guard canRepeat, let end = endOfCount(characters, from: index + 1), !repeats(characters, at: end + 1) else { return false }
                index = end
            case "^", "$", "]", "}": return false
            default: canRepeat = true
            }
            index += 1
        }
        return depth == 0 && (canRepeat || characters.isEmpty)
    }

    /// Lazy and possessive forms are a second repetition.
    private static func repeats(_ characters: [Character], at index: Int) -> Bool {
        index < characters.count && "*+?{".contains(characters[index])
    }

    private static func endOfSet(_ characters: [Character], from start: Int) -> Int? {
        var index = start
        while index < characters.count, characters[index] != "]" {
            if characters[index] == "\\" {
                guard index + 1 < characters.count, escapesInside.contains(characters[index + 1]) else { return nil }
                index += 1
            }
            index += 1
        }
        return index < characters.count && index > start ? index : nil
    }

    /// `3`, `3,` or `3,5`, each below what a grammar may repeat.
    private static func endOfCount(_ characters: [Character], from start: Int) -> Int? {
        guard let end = characters[start...].firstIndex(of: "}") else { return nil }
        let numbers = String(characters[start..<end]).split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), let first = Int(numbers[0]), first < LlamaSchema.maximumRepetitions else { return nil }
        if numbers.count == 2, !numbers[1].isEmpty {
            guard let second = Int(numbers[1]), second < LlamaSchema.maximumRepetitions, second >= first else { return nil }
        }
        return end
    }
}
