/// The fixes that may be applied without asking: chosen so that they do not touch each other, and put into the bytes at once.
public struct SafeFixes: Sendable {
    public struct Change: Sendable, Equatable {
        public var code: DiagnosticCode
        public var fix: Fix
        /// Where the finding stands.
        public var span: SourceSpan
    }

    /// In the order of the file. What is left out, since it touches another one, can be chosen in the next round.
    public let changes: [Change]
    private let edits: [Fix.Edit]

    /// - Parameter file: changes of other files are left alone.
    public init(_ diagnostics: [Diagnostic], in file: FileID) {
        var candidates: [Change] = []
        for diagnostic in diagnostics {
            let fix = diagnostic.fixes.first { fix in
                fix.applicability == .safe && !fix.edits.isEmpty && fix.edits.allSatisfy { $0.span.file == file }
            }
            if let fix { candidates.append(Change(code: diagnostic.code, fix: fix, span: diagnostic.primary ?? fix.edits[0].span)) }
        }
        var changes: [Change] = []
        // Equal starts stay in the order of the report.
        for (_, candidate) in candidates.enumerated().sorted(by: { (Self.start($0.1), $0.0) < (Self.start($1.1), $1.0) }) {
            if let last = changes.last, Self.start(candidate) <= Self.end(last) { continue }
            changes.append(candidate)
        }
        self.changes = changes
        edits = changes.flatMap(\.fix.edits)
    }

    private static func start(_ change: Change) -> Int { change.fix.edits.first?.span.start ?? 0 }

    /// Two insertions at one place touch as well: their order would be a guess.
    private static func end(_ change: Change) -> Int { change.fix.edits.last?.span.end ?? 0 }

    public func applied(to bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var position = 0
        for edit in edits {
            result += bytes[position..<edit.span.start]
            result += Array(edit.text.utf8)
            position = edit.span.end
        }
        return result + bytes[position...]
    }

    /// Where the start of each change is after the changes before it.
    var movedStarts: [Int] {
        var shift = 0
        return changes.map { change in
            let start = Self.start(change) + shift
            for edit in change.fix.edits { shift += edit.text.utf8.count - edit.span.range.count }
            return start
        }
    }
}
