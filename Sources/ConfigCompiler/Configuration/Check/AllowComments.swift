import Diagnostics

/// `# anyclaude: allow CODE` in a YAML text, and what it takes out of a report: findings of the code on the comment's line, or, of
/// a comment alone on its line, on the next line that is neither empty nor a comment.
struct AllowComments {
    private struct Place: Hashable {
        var code: DiagnosticCode
        /// Zero-based.
        var line: Int
    }

    private struct Allowance {
        var place: Place
        var comment: SourceSpan
    }

    private let source: SourceText
    private let file: FileID
    private var allowances: [Allowance] = []
    /// Comments that cannot be followed.
    private(set) var diagnostics: [Diagnostic] = []

    init(_ source: SourceText, file: FileID, tree: SyntaxNode) {
        self.source = source
        self.file = file
        let candidates = AllowCommentScan.comments(in: source.bytes)
        guard !candidates.isEmpty else { return }
        let following = source.followingLines
        // What looks like a comment inside a text is text.
        let scalars = tree.scalarRanges.sorted { $0.lowerBound < $1.lowerBound }
        var index = 0
        for comment in candidates {
            while index < scalars.count, scalars[index].upperBound <= comment.lowerBound { index += 1 }
            if index < scalars.count, scalars[index].contains(comment.lowerBound) { continue }
            read(comment, line: following[source.lineIndex(of: comment.lowerBound)])
        }
    }

    /// - Parameter line: the one that the comment is about.
    private mutating func read(_ comment: Range<Int>, line: Int) {
        var words = AllowCommentScan.words(of: comment, in: source.bytes)[...]
        guard let verb = words.popFirst() else { return }
        let text = string(verb)
        guard text == "allow" else {
            // A remark that only happens to begin with the name is left alone.
            if Spelling.nearest(to: text, among: ["allow"]) != nil, let code = words.first, DiagnosticCode(named: string(code)) != nil {
                report(bad("`\(text)` is not known in a comment for anyclaude", verb, "did you mean `allow`?", replacement: "allow"))
            }
            return
        }
        var isEmpty = true
        for word in words {
            let text = string(word)
            if text == "--" { break }
            isEmpty = false
            do throws(DiagnosticPolicy.Refusal) {
                allowances.append(Allowance(place: Place(code: try DiagnosticPolicy.allowable(text), line: line), comment: SourceSpan(file, comment)))
            } catch {
                var replacement: String?
                if case .unknown(_, let nearest?) = error, nearest.page.severity < .error { replacement = nearest.rawValue }
                report(bad(error.message, word, error.hint, replacement: replacement))
            }
        }
        if isEmpty { report(bad("`allow` needs the code of a warning", verb, "as `# anyclaude: allow AC0703`", replacement: nil)) }
    }

    private mutating func report(_ diagnostic: Diagnostic) {
        if diagnostics.count < Checker.maximumFindings { diagnostics.append(diagnostic) }
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: source.bytes[range].prefix(64), as: UTF8.self) }

    private func bad(_ message: String, _ word: Range<Int>, _ note: String, replacement: String?) -> Diagnostic {
        let span = SourceSpan(file, word)
        return Diagnostic(
            .badAllowComment, message, at: span, label: "allows nothing", notes: [note],
            fixes: replacement.map { [Fix("write `\($0)`", .suggestion, edits: [.init(span, $0)])] } ?? [])
    }

    /// The findings that remain, with those about the comments themselves.
    ///
    /// - Parameter isWhole: whether every check was made; only then is it known that a comment is not needed.
    func apply(to found: [Diagnostic], isWhole: Bool) -> [Diagnostic] {
        if allowances.isEmpty { return found + diagnostics }
        let known = Set(allowances.map(\.place))
        var used: Set<Place> = []
        func isAllowed(_ diagnostic: Diagnostic) -> Bool {
            guard diagnostic.severity < .error, let span = diagnostic.primary, span.file == file else { return false }
            let place = Place(code: diagnostic.code, line: source.lineIndex(of: span.start))
            if known.contains(place) { used.insert(place) }
            return known.contains(place)
        }
        let rest = (found + diagnostics).filter { !isAllowed($0) }
        guard isWhole else { return rest }
        let unneeded = allowances.filter { !used.contains($0.place) && $0.place.code != .unusedAllowComment }
        return rest + unneeded.prefix(Checker.maximumFindings).map(unused).filter { !isAllowed($0) }
    }

    private func unused(_ allowance: Allowance) -> Diagnostic {
        let line = allowance.place.line
        let isOwn = line == source.lineIndex(of: allowance.comment.start)
        return Diagnostic(
            .unusedAllowComment, "nothing here has the code \(allowance.place.code.rawValue)", at: allowance.comment, label: "not needed",
            notes: [isOwn ? "it is about this line" : "it is about line \(line + 1)"])
    }
}

extension SourceText {
    /// For each line, the one that a comment on it is about: itself where it has more than a comment, else the next that has.
    fileprivate var followingLines: [Int] {
        var result = Array(lineStarts.indices)
        for line in lineStarts.indices.reversed().dropFirst() {
            let first = bytes[lineRange(line)].first { $0 != 0x20 && $0 != 0x09 }
            if first == nil || first == UInt8(ascii: "#") { result[line] = result[line + 1] }
        }
        return result
    }
}

extension SyntaxNode {
    /// The bytes of all texts and names in it.
    fileprivate var scalarRanges: [Range<Int>] {
        switch value {
        case .sequence(let elements): elements.flatMap(\.scalarRanges)
        case .mapping(let entries): entries.flatMap { [$0.keySpan.range] + $0.value.scalarRanges }
        default: [span.range]
        }
    }
}
