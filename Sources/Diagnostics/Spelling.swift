/// "Did you mean": names that differ from a word by a slip.
public enum Spelling {
    /// The candidate nearest to `word`, where it is near enough to be meant.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let folded = fold(word)
        // Two habits of writing names, `base_url` and `baseUrl`, are no slip at all.
        let spellings = candidates.map { (name: $0, folded: fold($0)) }
        if let same = spellings.filter({ $0.folded == folded }).min(by: { $0.name < $1.name }) { return same.name }
        let limit = max(1, word.count / 3)
        // A distance is at least the difference in length; of equally near ones, the first by name.
        return spellings.filter { abs($0.folded.count - folded.count) <= limit }
            .map { (name: $0.name, distance: distance($0.folded, folded), exact: distance(Array($0.name.utf8), Array(word.utf8))) }
            .filter { $0.distance <= limit }.min { ($0.distance, $0.exact, $0.name) < ($1.distance, $1.exact, $1.name) }?.name
    }

    /// Whether `candidate` is surely what `word` was to be: the same but for case and hyphens, or one slip in a long word that none of the
    /// other names is near to.
    public static func isCertain(_ candidate: String, for word: String, among others: [String]) -> Bool {
        let folded = fold(word)
        if fold(candidate) == folded { return true }
        guard folded.count >= 6, distance(fold(candidate), folded) == 1 else { return false }
        return others.allSatisfy { distance(fold($0), folded) > 2 }
    }

    /// Whether two names differ in case, hyphens and underscores at most.
    public static func isSame(_ left: String, _ right: String) -> Bool { fold(left) == fold(right) }

    private static func fold(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Damerau and Levenshtein's distance with adjacent transpositions (optimal string alignment).
    public static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                current[column] = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], before[column - 2] + 1)
                }
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
