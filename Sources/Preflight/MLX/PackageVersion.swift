/// A version of a Python package as PEP 440 writes it, compared by its numbers: `0.32.0rc1` counts as `0.32`, since it has what 0.32 changed.
struct PackageVersion: Comparable, Equatable, CustomStringConvertible {
    let description: String
    private let epoch: Int
    private let numbers: [Int]

    /// - Returns: nil for what does not begin with a number.
    init?(_ text: some StringProtocol) {
        description = String(text)
        var rest = text.drop { $0 == "v" || $0 == "V" }
        var epoch = 0
        if let mark = rest.firstIndex(of: "!"), let number = Int(rest[..<mark]) {
            epoch = number
            rest = rest[rest.index(after: mark)...]
        }
        var numbers: [Int] = []
        for part in rest.split(separator: ".", omittingEmptySubsequences: false) {
            let digits = part.prefix { ("0"..."9").contains($0) }
            guard let number = Int(digits) else { break }
            numbers.append(number)
            // A suffix ends the release: `rc1`, `+cpu`, `-1`.
            if digits.count < part.count { break }
        }
        guard !numbers.isEmpty else { return nil }
        while numbers.last == 0, numbers.count > 1 { numbers.removeLast() }
        self.epoch = epoch
        self.numbers = numbers
    }

    static func == (left: PackageVersion, right: PackageVersion) -> Bool { left.epoch == right.epoch && left.numbers == right.numbers }

    static func < (left: PackageVersion, right: PackageVersion) -> Bool {
        left.epoch != right.epoch ? left.epoch < right.epoch : left.numbers.lexicographicallyPrecedes(right.numbers)
    }

    /// At least `numbers`, as in `isAtLeast(0, 32)`.
    func isAtLeast(_ numbers: Int...) -> Bool { !numbers.isEmpty && self >= PackageVersion(numbers) }

    private init(_ numbers: [Int]) {
        var numbers = numbers
        while numbers.last == 0, numbers.count > 1 { numbers.removeLast() }
        description = numbers.map(String.init).joined(separator: ".")
        epoch = 0
        self.numbers = numbers
    }
}
