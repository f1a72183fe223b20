/// A text with its safe fixes applied, round after round: one that lets a text be read at all brings further findings to light.
public struct Repair: Sendable {
    /// One fix as it was applied.
    public struct Change: Sendable, Equatable {
        public var code: DiagnosticCode
        public var description: String
        /// `FILE:LINE:COLUMN` at the time of the change.
        public var place: String
        /// The line before and after, as a terminal may show it; nil where it holds a secret.
        public var lines: Lines?
    }

    public struct Lines: Sendable, Equatable {
        public var before: String
        public var after: String

        public init(before: String, after: String) {
            self.before = before
            self.after = after
        }
    }

    /// More rounds than any file needs that people write.
    public static let maximumRounds = 1000
    /// The bytes that all rounds together may look at: a hostile text gets fewer rounds.
    public static let maximumBytes = 32 << 20

    public private(set) var bytes: [UInt8]
    public private(set) var changes: [Change] = []
    /// What is still wrong.
    public private(set) var findings: Findings

    /// - Parameter inspect: what is to be reported of a text; its first file is the text. It decides which fixes there are.
    public init(_ bytes: [UInt8], inspect: ([UInt8]) throws -> Findings) rethrows {
        self.bytes = bytes
        findings = try inspect(bytes)
        var seen: Set<[UInt8]> = [bytes]
        for _ in 0..<min(Self.maximumRounds, max(1, Self.maximumBytes / max(1, bytes.count))) {
            let fixes = SafeFixes(findings.diagnostics, in: FileID(0))
            let next = fixes.applied(to: self.bytes)
            // Fixes that undo each other would go round in circles.
            guard !fixes.changes.isEmpty, seen.insert(next).inserted else { return }
            let before = findings
            self.bytes = next
            findings = try inspect(next)
            changes += zip(fixes.changes, fixes.movedStarts).map { Self.change($0, $1, before.sources, findings.sources) }
            if seen.count > 8 { seen = [next] }
        }
    }

    private static func change(_ change: SafeFixes.Change, _ movedStart: Int, _ old: SourceMap, _ new: SourceMap) -> Change {
        let start = change.fix.edits.first?.span.start ?? change.span.start
        var lines: Lines?
        if let before = line(old, start), let after = line(new, movedStart) { lines = Lines(before: before, after: after) }
        return Change(code: change.code, description: change.fix.description, place: old.place(of: change.span), lines: lines)
    }

    private static func line(_ sources: SourceMap, _ offset: Int) -> String? {
        guard let source = sources.files.first else { return nil }
        let line = source.lineIndex(of: min(offset, source.bytes.count))
        guard !source.masks.overlaps(source.lineRange(line)) else { return nil }
        return DisplayLine(source, line: line, near: source.lineRange(line).lowerBound).window(from: 0, width: 200)
    }
}
