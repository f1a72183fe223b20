import JSON

/// A file of a `SourceMap`.
public struct FileID: Sendable, Hashable, Comparable {
    public let index: Int32
    public init(_ index: Int) { self.index = Int32(index) }
    public static func < (left: FileID, right: FileID) -> Bool { left.index < right.index }
}

/// Bytes of one file, as offsets from its start.
public struct SourceSpan: Sendable, Hashable, Comparable {
    public let file: FileID
    private let low: Int32
    private let high: Int32

    /// - Precondition: the range is within 2 GiB, which the limits on files keep far off.
    public init(_ file: FileID, _ range: Range<Int>) {
        self.file = file
        self.low = Int32(range.lowerBound)
        self.high = Int32(range.upperBound)
    }

    public var range: Range<Int> { Int(low)..<Int(high) }
    public var start: Int { Int(low) }
    public var end: Int { Int(high) }
    public var isEmpty: Bool { low == high }

    /// The empty span where this one ends.
    public var after: SourceSpan { SourceSpan(file, end..<end) }
    /// The empty span where this one starts.
    public var before: SourceSpan { SourceSpan(file, start..<start) }

    public static func < (left: SourceSpan, right: SourceSpan) -> Bool {
        (left.file, left.low, left.high) < (right.file, right.low, right.high)
    }
}

/// A place in a text as people and editors count: one-based lines and columns.
public struct SourcePosition: Sendable, Equatable {
    public var line: Int
    /// In Unicode scalars.
    public var column: Int
    /// In UTF-16 code units, zero-based, as the Language Server Protocol counts.
    public var utf16: Int

    public init(line: Int, column: Int, utf16: Int) {
        self.line = line
        self.column = column
        self.utf16 = utf16
    }
}

/// The bytes of a file with a table of its lines, and which of its bytes must not be shown.
public struct SourceText: Sendable {
    public let path: String
    public let bytes: [UInt8]
    /// The offset at which each line starts; lines end with LF, CRLF or CR.
    public let lineStarts: [Int]
    /// Secrets: renderers write asterisks in their place.
    private(set) var masks = Masks()
    private let characters: CharacterCounts

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        self.lineStarts = Self.lines(of: bytes)
        self.characters = CharacterCounts(bytes)
    }

    /// The next LF or CR, looked for in eight bytes at a time; the count where there is none.
    private static func nextBreak(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= bytes.count {
            let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
            let feed = word ^ (ones &* 0x0A)
            let carriage = word ^ (ones &* 0x0D)
            // The high bit of some byte is set where a byte is one of the two.
            if (((feed &- ones) & ~feed) | ((carriage &- ones) & ~carriage)) & (ones &* 0x80) != 0 { break }
            index += 8
        }
        while index < bytes.count, base[index] != 0x0A, base[index] != 0x0D { index += 1 }
        return index
    }

    private static func lines(of bytes: [UInt8]) -> [Int] {
        var starts = [0]
        bytes.withUnsafeBufferPointer { buffer in
            var index = 0
            while index < buffer.count {
                index = nextBreak(in: buffer, from: index)
                guard index < buffer.count else { break }
                index += 1
                if buffer[index - 1] == 0x0D, index < buffer.count, buffer[index] == 0x0A { continue }
                starts.append(index)
            }
        }
        return starts
    }

    /// Whether the new text of an edit could repeat what is masked: it takes the place of a secret, and is not one of the program's own texts.
    func discloses(_ edit: Fix.Edit, _ applicability: Fix.Applicability) -> Bool {
        applicability != .placeholder && masks.overlaps(edit.span.range)
    }

    public mutating func mask(_ ranges: some Sequence<Range<Int>>) { masks.insert(ranges) }

    /// What is masked, in order; the ranges do not touch.
    public var masked: [Range<Int>] { Array(masks.inside(0..<bytes.count)) }

    /// Whether something in `range` is masked.
    package func isMasked(_ range: Range<Int>) -> Bool { masks.overlaps(range) }

    /// The zero-based line that holds the byte at `offset`.
    public func lineIndex(of offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// The bytes of a zero-based line without its end.
    public func lineRange(_ line: Int) -> Range<Int> {
        let start = lineStarts[line]
        var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : bytes.count
        while end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }

    /// A byte order mark is no column, as in editors.
    public func position(of offset: Int) -> SourcePosition {
        let bounded = min(max(offset, 0), bytes.count)
        let line = lineIndex(of: bounded)
        let start = line == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : lineStarts[line]
        let before = characters.before(min(start, bounded), in: bytes)
        let count = characters.before(bounded, in: bytes)
        return SourcePosition(line: line + 1, column: count.scalars - before.scalars + 1, utf16: count.units - before.units)
    }
}

/// The files that diagnostics point into.
public struct SourceMap: Sendable {
    public private(set) var files: [SourceText] = []

    public init() {}

    public mutating func add(path: String, bytes: [UInt8]) -> FileID {
        files.append(SourceText(path: path, bytes: bytes))
        return FileID(files.count - 1)
    }

    public subscript(file: FileID) -> SourceText { files[Int(file.index)] }

    /// Keeps the bytes of `span` out of everything that is rendered.
    public mutating func mask(_ span: SourceSpan) { mask([span]) }

    public mutating func mask(_ spans: [SourceSpan]) {
        for (file, own) in Dictionary(grouping: spans, by: \.file) { files[Int(file.index)].mask(own.lazy.map(\.range)) }
        for span in spans { remember(span) }
    }

    private mutating func remember(_ span: SourceSpan) {
        guard !secrets.isFull, (SecretTexts.shortest...SecretTexts.longest).contains(span.range.count) else { return }
        let raw = text(of: span)
        secrets.insert(raw.trimmed(Self.marks))
        let value = Self.withoutProperties(raw)
        if value.utf8.count < raw.utf8.count { secrets.insert(value.trimmed(Self.marks)) }
        if value.hasPrefix("\""), let text = (try? JSON(parsing: value))?.stringValue { secrets.insert(text) }
    }

    /// Without the anchor and the tag that a YAML node may have before its text.
    private static func withoutProperties(_ raw: String) -> String {
        var rest = Substring(raw)
        while let first = rest.unicodeScalars.first, first == "&" || first == "!", let blank = rest.firstIndex(where: \.isWhitespace) {
            rest = rest[blank...].drop(while: \.isWhitespace)
        }
        return String(rest)
    }

    /// What was masked, as far as it can be looked for in messages.
    private(set) var secrets = SecretTexts()
    /// What stands around a text in a file, and is not the text.
    private static let marks: Set<Unicode.Scalar> = ["\"", "'", "*", "&", "!", "@", "`", "%", "|", ">", " ", "\t"]

    /// `FILE:LINE:COLUMN` of the span's start.
    public func place(of span: SourceSpan) -> String {
        let position = self[span.file].position(of: span.start)
        return "\(self[span.file].path):\(position.line):\(position.column)"
    }

    /// The text of a span, secrets included: for decisions, never for output.
    public func text(of span: SourceSpan) -> String { String(decoding: self[span.file].bytes[span.range], as: UTF8.self) }
}

extension Fix {
    /// The edits, or none where one of them would show what is masked.
    func shownEdits(_ sources: SourceMap) -> [Edit] {
        edits.contains { edit in
            sources[edit.span.file].discloses(edit, applicability) || sources.secrets.isIn(edit.text)
        } ? [] : edits
    }
}

extension String {
    fileprivate func trimmed(_ scalars: Set<Unicode.Scalar>) -> String {
        let rest = unicodeScalars.drop { scalars.contains($0) }
        let end = rest.lastIndex { !scalars.contains($0) }
        return end.map { String(rest[...$0]) } ?? ""
    }
}
