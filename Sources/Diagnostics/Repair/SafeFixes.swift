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
        let candidates = diagnostics.compactMap { diagnostic -> Change? in
            diagnostic.safeFix(in: file).map { Change(code: diagnostic.code, fix: $0, span: diagnostic.primary ?? $0.edits[0].span) }
        }
        changes = candidates.apart { (Self.start($0), $0.fix.edits.last?.span.end ?? 0) }
    }

    private static func start(_ change: Change) -> Int { change.fix.edits.first?.span.start ?? 0 }

    public func applied(to bytes: [UInt8]) -> [UInt8] { changes.flatMap(\.fix.edits).applied(to: bytes) }

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
