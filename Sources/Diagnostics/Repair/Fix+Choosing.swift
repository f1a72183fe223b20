extension [Fix.Edit] {
    /// The text with the edits done.
    ///
    /// - Precondition: they are in the order of the text and do not overlap.
    package func applied(to bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 256)
        var position = 0
        for edit in self {
            result += bytes[position..<edit.span.start]
            result += [UInt8](edit.text.utf8)
            position = edit.span.end
        }
        return result + bytes[position...]
    }
}

extension Diagnostic {
    /// The fix that may be applied to a file without asking, and is an edit of that file alone.
    package func safeFix(in file: FileID) -> Fix? {
        fixes.first { fix in fix.applicability == .safe && !fix.edits.isEmpty && fix.edits.allSatisfy { $0.span.file == file } }
    }
}

extension Sequence {
    /// Those that do not touch each other, in the order of their places; equal starts stay in the order that they have.
    ///
    /// Two insertions at one place touch as well: their order would be a guess.
    package func apart(_ place: (Element) -> (start: Int, end: Int)) -> [Element] {
        var result: [Element] = []
        var end = -1
        for (_, _, element) in enumerated().map({ (place($1).start, $0, $1) }).sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
            let next = place(element)
            if !result.isEmpty, next.start <= end { continue }
            result.append(element)
            end = next.end
        }
        return result
    }
}
