/// Processors as Linux and systemd write them: numbers and ranges, `0-3,6`.
enum ProcessorList {
    /// The highest number that Linux gives a processor on any architecture.
    static let largest = 8191

    /// Ascending, each once.
    static func numbers(_ text: String) throws(ValueFault) -> [Int] {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(number)
            guard let first = ends[0], let last = ends.count == 1 ? first : ends[1], first <= last else {
                throw ValueFault(.badQuantity, "is not a list of processors", notes: ["as `0-3` or `0,2,4-7`; the first processor is 0"])
            }
            guard last <= largest else { throw ValueFault(.outOfRange, "names a processor beyond \(largest)") }
            numbers.formUnion(first...last)
        }
        return numbers.sorted()
    }

    /// At most four digits: more could not be a processor.
    private static func number(_ text: Substring) -> Int? {
        text.isEmpty || text.utf8.count > 4 || !text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? nil : Int(text)
    }

    /// The shortest form, as `0-3,6`.
    static func text(_ numbers: [Int]) -> String {
        var parts: [(first: Int, last: Int)] = []
        for number in numbers {
            if let last = parts.indices.last, parts[last].last + 1 == number { parts[last].last = number } else { parts.append((number, number)) }
        }
        return parts.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
    }
}
