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

    /// - Parameter file: changes of other files are left alone.
    public init(_ diagnostics: [Diagnostic], in file: FileID) {
        var changes: [Change] = []
        var taken: [Range<Int>] = []
        for diagnostic in diagnostics {
            for fix in diagnostic.fixes where fix.applicability == .safe && !fix.edits.isEmpty {
                guard fix.edits.allSatisfy({ $0.span.file == file }), let first = fix.edits.first else { continue }
                let ranges = fix.edits.map(\.span.range)
                if ranges.contains(where: { range in taken.contains { Self.touch($0, range) } }) { continue }
                taken += ranges
                changes.append(Change(code: diagnostic.code, fix: fix, span: diagnostic.primary ?? first.span))
                break
            }
        }
        self.changes = changes.sorted { Self.start($0) < Self.start($1) }
    }

    private static func start(_ change: Change) -> Int { change.fix.edits.first?.span.start ?? 0 }

    /// Two insertions at one place touch as well: their order would be a guess.
    private static func touch(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.lowerBound <= right.upperBound && right.lowerBound <= left.upperBound
    }

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

    /// Where the start of an old place is after the changes before it.
    func moved(_ offset: Int) -> Int {
        edits.reduce(offset) { $1.span.end <= offset ? $0 + $1.text.utf8.count - $1.span.range.count : $0 }
    }

    private var edits: [Fix.Edit] { changes.flatMap(\.fix.edits).sorted { $0.span < $1.span } }
}
