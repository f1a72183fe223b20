import Diagnostics

/// One step that a rule proposes.
struct Rewrite {
    /// The rule and the key: a step that was refused is not proposed again.
    var id: String
    var code: DiagnosticCode?
    var key: String
    var action: String
    var reason: String
    /// In the order of the text, without overlaps.
    var edits: [Fix.Edit]
    /// Where the change is told of.
    var offset: Int
    /// Whether the launch plan may be another one.
    var changesPlan = false
    var secret: Migration.Secret?
    /// What is said where the step is not taken.
    var noteIfRefused: String?

    var start: Int { edits.first?.span.start ?? offset }
    var end: Int { edits.last?.span.end ?? offset }

    /// Whether it makes another text of the bytes.
    func changes(_ bytes: [UInt8]) -> Bool { edits.contains { !bytes[$0.span.range].elementsEqual($0.text.utf8) } }
}

/// Finds what is to be changed in a text.
protocol MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite]
}

extension [Fix.Edit] {
    /// Where a byte of the text is after the edits; what an edit takes away, and what it stands before, is at the start of what it writes.
    func image(of offset: Int) -> Int {
        var shift = 0
        for edit in self {
            guard edit.span.start < offset else { break }
            guard edit.span.end <= offset else { return edit.span.start + shift }
            shift += edit.text.utf8.count - edit.span.range.count
        }
        return offset + shift
    }

    /// Where a byte of the edited text was before; what an edit wrote is at the edit's start.
    func origin(of offset: Int) -> Int {
        var shift = 0
        for edit in self {
            let start = edit.span.start + shift
            if offset < start { break }
            let length = edit.text.utf8.count
            if offset < start + length { return edit.span.start }
            shift += length - edit.span.range.count
        }
        return offset - shift
    }
}
