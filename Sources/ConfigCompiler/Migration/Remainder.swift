import Diagnostics

extension Migration {
    /// A place of the new text that still holds a secret, or what looks like one.
    public struct Remainder: Sendable, Equatable {
        /// More than that are counted.
        static let maximumShown = 100

        /// Of the value that holds it, dotted, as far as no part of it is to be hidden; empty for a comment.
        public var key: String
        /// Of the finding there, if there is one.
        public var code: DiagnosticCode?
        /// In the new text.
        public var place: SourcePosition
        /// In the old one.
        public var oldPlace: SourcePosition
    }
}

extension MigrationText {
    /// What a report would have to hide, in order: what the compiler takes for secrets, what looks like one, and given texts.
    ///
    /// - Parameter values: secrets that moved; shorter ones stand in other words as well.
    func hidden(_ values: [String]) -> [Range<Int>] {
        var text = compilation.hiddenSources.files.first ?? source
        for value in values where value.utf8.count >= 6 { text.mask(bytes.ranges(of: Array(value.utf8))) }
        return text.masked
    }

    /// The value that a place belongs to.
    func entry(around place: Range<Int>) -> Entry? {
        entries.last { $0.span.start <= place.lowerBound && place.lowerBound < max($0.span.end, end(of: $0.entry)) }
    }

    /// The names that lead to an entry, down to the first that is to be hidden itself.
    func shownKey(of entry: Entry?, hiding places: [Range<Int>]) -> String {
        guard let entry else { return "" }
        let hidden = entries.first { other in
            entry.path.starts(with: other.path) && places.contains { $0.overlaps(other.span.range) }
        }
        return entry.path.prefix(hidden.map { $0.path.count - 1 } ?? entry.path.count).joined(separator: ".")
    }

    /// The finding at a place, or else at the key that it belongs to.
    func code(at place: Range<Int>, _ key: Entry?) -> DiagnosticCode? {
        let own = compilation.diagnostics.filter { $0.primary?.file == FileID(0) }
        let there = own.filter { $0.primary?.range.overlaps(place) == true }
        let isOfSecrets: (Diagnostic) -> Bool = { $0.code == .literalSecret || $0.code == .secretElsewhere }
        return (there.first(where: isOfSecrets) ?? there.first ?? own.first { $0.primary == key?.span })?.code
    }
}
