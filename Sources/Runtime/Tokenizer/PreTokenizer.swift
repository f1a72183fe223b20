import JSON

/// How normalised text is cut into the words within which BPE merges (`pre_tokenizer` of tokenizer.json).
struct PreTokenizer: Sendable {
    /// What becomes of the matches of a splitting pattern.
    enum Behavior: String {
        case isolated = "Isolated"
        case removed = "Removed"
        case contiguous = "Contiguous"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
    }

    private enum Step {
        case split(SplitPattern, Behavior, invert: Bool)
        case prefixSpace
    }
    private let steps: [Step]

    init(_ json: JSON?) throws(RuntimeError) {
        var steps: [Step] = []
        var mapsBytes = false
        for element in Self.flattened(json) { try Self.read(element, into: &steps, &mapsBytes) }
        guard mapsBytes else {
            throw TokenizerFile.unsupported("a pre-tokenizer without ByteLevel", supported: "byte-level BPE")
        }
        self.steps = steps
    }

    private static func flattened(_ json: JSON?) -> [JSON] {
        guard let json, !json.isNull else { return [] }
        guard json["type"] == "Sequence" else { return [json] }
        return (json["pretokenizers"]?.arrayValue ?? []).flatMap { flattened($0) }
    }

    private static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private static func read(_ json: JSON, into steps: inout [Step], _ mapsBytes: inout Bool) throws(RuntimeError) {
        let type = json["type"]?.stringValue ?? "without a type"
        guard !mapsBytes else { throw TokenizerFile.unsupported("pre-tokenizer `\(type)` after ByteLevel", supported: "ByteLevel as the last") }
        switch type {
        case "Split":
            let word = json["behavior"]?.stringValue ?? ""
            guard let behavior = Behavior(rawValue: word) else {
                throw TokenizerFile.unsupported("split behavior `\(word)`", supported: "Isolated, Removed, Contiguous, MergedWith…")
            }
            steps.append(.split(try pattern(json["pattern"]), behavior, invert: json["invert"]?.boolValue ?? false))
        case "Digits":
            let single = json["individual_digits"]?.boolValue ?? false
            steps.append(.split(try SplitPattern(#"\p{N}"#), single ? .isolated : .contiguous, invert: false))
        case "ByteLevel":
            if json["add_prefix_space"]?.boolValue ?? true { steps.append(.prefixSpace) }
            if json["use_regex"]?.boolValue ?? true { steps.append(.split(try SplitPattern(gpt2Pattern), .isolated, invert: false)) }
            mapsBytes = true
        default:
            throw TokenizerFile.unsupported("pre-tokenizer `\(type)`", supported: "Split, Digits, ByteLevel, Sequence")
        }
    }

    private static func pattern(_ json: JSON?) throws(RuntimeError) -> SplitPattern {
        if let regex = json?["Regex"]?.stringValue { return try SplitPattern(regex) }
        guard let literal = json?["String"]?.stringValue else { throw RuntimeError("the tokenizer's Split has no pattern") }
        let special = Set(#"\^$.|?*+()[]{}"#)
        return try SplitPattern(literal.map { special.contains($0) ? "\\\($0)" : String($0) }.joined())
    }

    /// The words of `text`, valid UTF-8, in order, each as the bytes that BPE is to merge.
    func words(of text: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(RuntimeError) {
        var text = text
        // Ranges of `text`; a leading space that is put in shifts the text, so it comes before any split of ours refers to it.
        var pieces: [Range<Int>] = text.isEmpty ? [] : [0..<text.count]
        for step in steps {
            switch step {
            case .prefixSpace: Self.addPrefixSpaces(&text, &pieces)
            case .split(let pattern, let behavior, let invert): pieces = try Self.split(text, pieces, pattern, behavior, invert)
            }
        }
        text.withUnsafeBufferPointer { buffer in
            for piece in pieces { body(UnsafeBufferPointer(rebasing: buffer[piece])) }
        }
    }

    private static func addPrefixSpaces(_ text: inout [UInt8], _ pieces: inout [Range<Int>]) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + pieces.count)
        pieces = pieces.map { piece in
            let start = result.count
            if text[piece.lowerBound] != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
            result.append(contentsOf: text[piece])
            return start..<result.count
        }
        text = result
    }

    private static func split(
        _ text: [UInt8], _ pieces: [Range<Int>], _ pattern: SplitPattern, _ behavior: Behavior, _ invert: Bool
    ) throws(RuntimeError) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for piece in pieces {
            let matches = try text.withUnsafeBufferPointer { (buffer) throws(RuntimeError) in
                try pattern.matches(in: UnsafeBufferPointer(rebasing: buffer[piece]))
            }
            var parts: [(range: Range<Int>, isMatch: Bool)] = []
            parts.reserveCapacity(2 * matches.count + 1)
            var end = piece.lowerBound
            for match in matches {
                let range = match.lowerBound + piece.lowerBound..<match.upperBound + piece.lowerBound
                if end < range.lowerBound { parts.append((end..<range.lowerBound, invert)) }
                parts.append((range, !invert))
                end = range.upperBound
            }
            if end < piece.upperBound { parts.append((end..<piece.upperBound, invert)) }
            result += behavior.apply(parts)
        }
        return result
    }
}

extension PreTokenizer.Behavior {
    /// The pieces that are left of adjoining parts.
    fileprivate func apply(_ parts: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
        switch self {
        case .isolated: return parts.map(\.range)
        case .removed: return parts.filter { !$0.isMatch }.map(\.range)
        case .contiguous: return merged(parts) { $0.isMatch == $1.isMatch }
        case .mergedWithPrevious: return merged(parts) { !$0.isMatch && $1.isMatch }
        case .mergedWithNext: return merged(parts) { $0.isMatch && !$1.isMatch }
        }
    }

    /// Joins neighbours of which `joins` is true.
    private func merged(
        _ parts: [(range: Range<Int>, isMatch: Bool)], _ joins: ((range: Range<Int>, isMatch: Bool), (range: Range<Int>, isMatch: Bool)) -> Bool
    ) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for (index, part) in parts.enumerated() {
            if index > 0, joins(parts[index - 1], part), let last = result.popLast() {
                result.append(last.lowerBound..<part.range.upperBound)
            } else {
                result.append(part.range)
            }
        }
        return result
    }
}
