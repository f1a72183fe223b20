import Diagnostics

/// `# anyclaude: allow CODE` in the YAML texts of a configuration, and what it takes out of a report: findings of the code on the comment's line, or, of
/// a comment alone on its line, on the next line that is neither empty nor a comment.
struct AllowComments {
    private struct Place: Hashable {
        var code: DiagnosticCode
        var file: FileID
        /// Zero-based.
        var line: Int
    }

    private struct Allowance {
        var place: Place
        var comment: SourceSpan
    }

    /// Of one file; more are no remarks about single lines, and would only cost time.
    private static let maximumComments = 1000
    /// Of one comment; there are not so many warnings.
    private static let maximumCodes = 100

    private let sources: SourceMap
    private var allowances: [Allowance] = []
    /// Comments that cannot be followed.
    private(set) var diagnostics: [Diagnostic] = []

    /// - Parameter tree: what was read of the files: what looks like a comment inside a text is text.
    init(_ sources: SourceMap, tree: SyntaxNode) {
        self.sources = sources
        for (index, source) in sources.files.enumerated() {
            let candidates = AllowCommentScan.comments(in: source.bytes)
            if !candidates.isEmpty { read(candidates, FileID(index), tree) }
        }
    }

    private mutating func read(_ candidates: [Range<Int>], _ file: FileID, _ tree: SyntaxNode) {
        let source = sources[file]
        let following = source.followingLines
        var scalars: [Range<Int>] = []
        tree.collectScalars(of: file, &scalars)
        scalars.sort { $0.lowerBound < $1.lowerBound }
        var index = 0
        if candidates.count > Self.maximumComments {
            let first = candidates[Self.maximumComments]
            report(
                bad(
                    "more than \(Self.maximumComments) comments for anyclaude", SourceSpan(file, first), "those from here on are not read",
                    replacement: nil))
        }
        for comment in candidates.prefix(Self.maximumComments) {
            while index < scalars.count, scalars[index].upperBound <= comment.lowerBound { index += 1 }
            if index < scalars.count, scalars[index].contains(comment.lowerBound) { continue }
            read(SourceSpan(file, comment), line: following[source.lineIndex(of: comment.lowerBound)])
        }
    }

    /// - Parameter line: the one that the comment is about.
    private mutating func read(_ comment: SourceSpan, line: Int) {
        var words = AllowCommentScan.words(of: comment.range, in: sources[comment.file].bytes).map { SourceSpan(comment.file, $0) }[...]
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
        for (count, word) in words.enumerated() {
            guard count < Self.maximumCodes else {
                report(bad("more than \(Self.maximumCodes) codes in one comment", word, "those from here on are not read", replacement: nil))
                break
            }
            let text = string(word)
            if text == "--" { break }
            isEmpty = false
            do throws(DiagnosticPolicy.Refusal) {
                let code = try DiagnosticPolicy.allowable(text)
                allowances.append(Allowance(place: Place(code: code, file: comment.file, line: line), comment: comment))
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

    private func string(_ span: SourceSpan) -> String { String(sources.text(of: span).prefix(64)) }

    private func bad(_ message: String, _ span: SourceSpan, _ note: String, replacement: String?) -> Diagnostic {
        Diagnostic(
            .badAllowComment, message, at: span, label: "allows nothing", notes: [note],
            fixes: replacement.map { [Fix("write `\($0)`", .suggestion, edits: [.init(span, $0)])] } ?? [])
    }

    /// The findings that remain, with those about the comments themselves.
    ///
    /// - Parameter isWhole: whether every check was made; only then is it known that a comment is not needed.
    func apply(to found: [Diagnostic], isWhole: Bool) -> [Diagnostic] {
        judge(found + diagnostics, unneeded: isWhole ? { $0 != .unusedAllowComment && !Self.later.contains($0) } : { _ in false })
    }

    /// The same for findings of checks that are made when the compiler is done: whether their comments are needed is known only then.
    func applyLater(to found: [Diagnostic]) -> [Diagnostic] { judge(found, unneeded: Self.later.contains) }

    private static let later: Set<DiagnosticCode> = [.preflightWarning]

    /// - Parameter unneeded: the codes of which a comment that allows nothing is reported.
    private func judge(_ found: [Diagnostic], unneeded isJudged: (DiagnosticCode) -> Bool) -> [Diagnostic] {
        if allowances.isEmpty { return found }
        let known = Set(allowances.map(\.place))
        var used: Set<Place> = []
        func isAllowed(_ diagnostic: Diagnostic) -> Bool {
            guard diagnostic.severity < .error, let span = diagnostic.primary else { return false }
            let place = Place(code: diagnostic.code, file: span.file, line: sources[span.file].lineIndex(of: span.start))
            if known.contains(place) { used.insert(place) }
            return known.contains(place)
        }
        let rest = found.filter { !isAllowed($0) }
        let unneeded = allowances.filter { !used.contains($0.place) && isJudged($0.place.code) }
        return rest + unneeded.prefix(Checker.maximumFindings).map(unused).filter { !isAllowed($0) }
    }

    private func unused(_ allowance: Allowance) -> Diagnostic {
        let line = allowance.place.line
        let isOwn = line == sources[allowance.comment.file].lineIndex(of: allowance.comment.start)
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
    /// The places in one file of all values and names in it.
    fileprivate func collectScalars(of file: FileID, _ result: inout [Range<Int>]) {
        switch value {
        case .sequence(let elements):
            for element in elements { element.collectScalars(of: file, &result) }
        case .mapping(let entries):
            for entry in entries {
                if entry.keySpan.file == file { result.append(entry.keySpan.range) }
                entry.value.collectScalars(of: file, &result)
            }
        default:
            if span.file == file { result.append(span.range) }
        }
    }
}
