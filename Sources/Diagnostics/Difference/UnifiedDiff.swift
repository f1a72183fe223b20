/// What differs between two texts, as `diff -u` writes it: three lines of context, secrets masked.
public struct UnifiedDiff: Sendable, Equatable {
    public enum Kind: Sendable { case file, hunk, context, removed, added, remark }

    public struct Line: Sendable, Equatable {
        public var kind: Kind
        /// With its mark in front, without its end.
        public var text: String
    }

    /// None where the texts are the same.
    public private(set) var lines: [Line] = []
    /// As a file: a patch that `patch` takes, as long as nothing had to be masked.
    public var text: String { lines.map { $0.text + "\n" }.joined() }

    static let context = 3
    /// Stands for a secret, however long it is.
    static let mask = "********"

    /// - Parameters:
    ///   - old, new: UTF-8. Their masks are not shown; a line that differs in nothing else is shown all the same.
    ///   - names: as the head of the difference names the two.
    public init(old: SourceText, new: SourceText, names: (old: String, new: String)) {
        guard old.bytes != new.bytes else { return }
        let left = Side(old)
        let right = Side(new)
        var numbers: [ArraySlice<UInt8>: Int] = [:]
        func number(_ line: Range<Int>, _ side: Side) -> Int {
            let next = numbers.count
            let index = numbers[side.source.bytes[line], default: next]
            if index == next { numbers[side.source.bytes[line]] = next }
            return index
        }
        let oldNumbers = left.lines.map { number($0, left) }
        let newNumbers = right.lines.map { number($0, right) }
        lines = [Line(kind: .file, text: "--- \(names.old)"), Line(kind: .file, text: "+++ \(names.new)")]
        for hunk in Self.hunks(LineDifference(old: oldNumbers, new: newNumbers).runs(), left.lines.count, right.lines.count) {
            show(hunk, left, right)
        }
    }

    /// A text as lines that end with LF; the end belongs to the line, so that a missing one at the end of the file differs.
    private struct Side {
        let source: SourceText
        var lines: [Range<Int>] = []

        init(_ source: SourceText) {
            self.source = source
            var start = 0
            for (index, byte) in source.bytes.enumerated() where byte == 0x0A {
                lines.append(start..<index + 1)
                start = index + 1
            }
            if start < source.bytes.count { lines.append(start..<source.bytes.count) }
        }

        func isEnded(_ line: Int) -> Bool { source.bytes[lines[line].upperBound - 1] == 0x0A }

        func text(_ line: Int) -> String {
            let range = isEnded(line) ? lines[line].dropLast() : lines[line]
            var result: [UInt8] = []
            var position = range.lowerBound
            for mask in source.masks.inside(range) {
                if mask.lowerBound > position { result += source.bytes[position..<mask.lowerBound] }
                result += Array(UnifiedDiff.mask.utf8)
                position = min(mask.upperBound, range.upperBound)
            }
            return String(decoding: result + source.bytes[position..<range.upperBound], as: UTF8.self)
        }
    }

    /// Lines that differ, with what stands around them; changes that are near to each other are one.
    private struct Hunk {
        var old: Range<Int>
        var new: Range<Int>
        var parts: [(old: Range<Int>, new: Range<Int>)]
    }

    private static func hunks(_ runs: [LineDifference.Run], _ oldCount: Int, _ newCount: Int) -> [Hunk] {
        var changes: [(old: Range<Int>, new: Range<Int>)] = []
        var position = (old: 0, new: 0)
        for run in runs + [.init(old: oldCount, new: newCount, count: 0)] {
            if run.old > position.old || run.new > position.new { changes.append((position.old..<run.old, position.new..<run.new)) }
            position = (run.old + run.count, run.new + run.count)
        }
        var result: [Hunk] = []
        for change in changes {
            let before = min(context, change.old.lowerBound, change.new.lowerBound)
            let after = min(context, oldCount - change.old.upperBound)
            let old = change.old.lowerBound - before..<change.old.upperBound + after
            let new = change.new.lowerBound - before..<change.new.upperBound + min(after, newCount - change.new.upperBound)
            if let last = result.last, last.old.upperBound >= old.lowerBound {
                result[result.count - 1].old = last.old.lowerBound..<old.upperBound
                result[result.count - 1].new = last.new.lowerBound..<new.upperBound
                result[result.count - 1].parts.append(change)
            } else {
                result.append(Hunk(old: old, new: new, parts: [change]))
            }
        }
        return result
    }

    private mutating func show(_ hunk: Hunk, _ left: Side, _ right: Side) {
        lines.append(Line(kind: .hunk, text: "@@ -\(Self.place(hunk.old)) +\(Self.place(hunk.new)) @@"))
        var position = hunk.old.lowerBound
        for part in hunk.parts {
            for line in position..<part.old.lowerBound { add(.context, " ", left, line) }
            for line in part.old { add(.removed, "-", left, line) }
            for line in part.new { add(.added, "+", right, line) }
            position = part.old.upperBound
        }
        for line in position..<hunk.old.upperBound { add(.context, " ", left, line) }
    }

    private mutating func add(_ kind: Kind, _ mark: String, _ side: Side, _ line: Int) {
        lines.append(Line(kind: kind, text: mark + side.text(line)))
        if !side.isEnded(line) { lines.append(Line(kind: .remark, text: "\\ No newline at end of file")) }
    }

    /// An empty range is named by the line before it.
    private static func place(_ range: Range<Int>) -> String {
        switch range.count {
        case 0: "\(range.lowerBound),0"
        case 1: "\(range.lowerBound + 1)"
        default: "\(range.lowerBound + 1),\(range.count)"
        }
    }
}
