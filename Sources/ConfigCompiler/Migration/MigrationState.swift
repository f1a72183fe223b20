import Diagnostics
import LaunchPlan

/// A text on its way: rules propose steps, each is tried, and kept where the compiler is as content as before.
struct MigrationState {
    /// More rounds than any file needs that people write, and the bytes that all of them together may look at.
    private static let maximumRounds = 400
    private static let maximumBytes = 32 << 20

    private let file: SourceFile
    private let includes: IncludeReader
    private let options: Migration.Options
    private let original: SourceText
    private(set) var bytes: [UInt8]
    private var compilation: Compilation
    private var refused: Set<String> = []
    private var history: [[Fix.Edit]] = []
    private var compilations = 0
    private(set) var changes: [Migration.Change] = []
    private(set) var secrets: [Migration.Secret] = []
    /// In the original text: each secret that moved, and what stands in its place.
    private var moves: [Fix.Edit] = []
    private(set) var notes: [String] = []

    init(_ file: SourceFile, _ includes: IncludeReader, _ options: Migration.Options) {
        self.file = file
        self.includes = includes
        self.options = options
        original = SourceText(path: file.path, bytes: file.bytes)
        bytes = file.bytes
        compilation = Compiler.compile(CompilerInput(file: file, includes: includes))
    }

    private func compile(_ bytes: [UInt8]) -> Compilation {
        Compiler.compile(CompilerInput(file: SourceFile(path: file.path, bytes: bytes), includes: includes))
    }

    /// Whether the text is one mapping; what is wrong with it beyond that is no hindrance.
    var isReadable: Bool { MigrationText(file.path, bytes, compilation, refused: []) != nil }
    var findings: Findings { Findings(path: file.path, diagnostics: compilation.diagnostics, sources: compilation.sources) }

    /// The original text with nothing done to it but that the secrets moved.
    var withoutSecrets: [UInt8] { moves.sorted { $0.span < $1.span }.applied(to: file.bytes) }

    /// Whether the original text has something to hide without the secrets that moved. One that cannot be read may have.
    var holdsSecretsWithoutMoved: Bool {
        let bytes = withoutSecrets
        guard let text = MigrationText(file.path, bytes, compile(bytes), refused: []) else { return true }
        // Under a name that nobody knows, a reference is hidden like a secret.
        let edits = moves.sorted { $0.span < $1.span }
        let references = edits.map { edit in
            let start = edits.image(of: edit.span.start)
            return start..<start + edit.text.utf8.count
        }
        return text.hidden(secrets.map(\.value)).contains { place in !references.contains { $0.clamped(to: place) == place } }
    }

    /// What is still to be hidden in the text, as far as a report has room for it, and how many places there are.
    var remainders: (shown: [Migration.Remainder], count: Int) {
        guard let text = MigrationText(file.path, bytes, compilation, refused: []) else { return ([], 0) }
        let places = text.hidden(secrets.map(\.value))
        let shown = places.prefix(Migration.Remainder.maximumShown).map { range in
            let entry = text.entry(around: range)
            return Migration.Remainder(
                key: text.shownKey(of: entry, hiding: places), code: text.code(at: range, entry),
                place: text.source.position(of: range.lowerBound), oldPlace: original.position(of: origin(of: range.lowerBound)))
        }
        return (shown, places.count)
    }

    /// Applies rules until none of them proposes anything more.
    mutating func run(_ rules: [any MigrationRule.Type]) throws(Migration.Refusal) {
        while let text = MigrationText(file.path, bytes, compilation, refused: refused) {
            let proposals = rules.flatMap { $0.rewrites(text, options) }.filter { !refused.contains($0.id) }
            // A step that does nothing is said, not taken.
            for rewrite in proposals where !rewrite.changes(bytes) { refuse(rewrite) }
            let batch = proposals.filter { $0.changes(bytes) }.apart { ($0.start, $0.end) }
            guard let first = batch.first else { return }
            guard compilations < Self.maximumRounds, compilations * bytes.count < Self.maximumBytes else { throw .endless }
            // One after another where together they do harm, and where each may change the plan.
            if !first.changesPlan, accept(batch.filter { !$0.changesPlan }) { continue }
            if accept([first]) { continue }
            refuse(first)
        }
    }

    private mutating func refuse(_ rewrite: Rewrite) {
        guard refused.insert(rewrite.id).inserted, let note = rewrite.noteIfRefused else { return }
        notes.append(note)
    }

    private mutating func accept(_ batch: [Rewrite]) -> Bool {
        let edits = batch.flatMap(\.edits)
        let next = edits.applied(to: bytes)
        let compiled = compile(next)
        compilations += 1
        guard next != bytes, let text = MigrationText(file.path, next, compiled, refused: []), isNoWorse(compiled, text, batch, edits),
            let moved = moved(batch)
        else { return false }
        moves += moved
        for rewrite in batch {
            let offset = origin(of: rewrite.offset)
            changes.append(
                Migration.Change(
                    code: rewrite.code, key: rewrite.key, action: rewrite.action, reason: rewrite.reason, place: original.position(of: offset)))
            if let secret = rewrite.secret { secrets.append(secret) }
        }
        history.append(edits)
        (bytes, compilation) = (next, compiled)
        return true
    }

    /// Where a byte of the text stood in the original one.
    private func origin(of offset: Int) -> Int { history.reversed().reduce(offset) { $1.origin(of: $0) } }

    /// The moves of secrets as edits of the original text; nil where one does not stand there as it stands here.
    private func moved(_ batch: [Rewrite]) -> [Fix.Edit]? {
        var result: [Fix.Edit] = []
        for rewrite in batch where rewrite.secret != nil {
            for edit in rewrite.edits {
                let start = origin(of: edit.span.start)
                let place = start..<start + edit.span.range.count
                guard place.upperBound <= file.bytes.count, file.bytes[place].elementsEqual(bytes[edit.span.range]) else { return nil }
                // Of `key:value`, which is one word, no more than the value goes.
                let isJoined = start > 0 && file.bytes[start - 1] == UInt8(ascii: ":") && bytes[edit.span.start - 1] != UInt8(ascii: ":")
                result.append(.init(SourceSpan(edit.span.file, place), isJoined ? " \(edit.text)" : edit.text))
            }
        }
        return result
    }

    /// Findings that may come to light because nothing stands before them any more.
    private static let uncovered: Set<DiagnosticCode> = [.missingKey, .unusedAllowComment]

    /// Codes of keys whose values nobody looked at.
    private static let covering: Set<DiagnosticCode> = [.unknownKey, .missingSpace]

    /// In the new text, the values that were never looked at before, since nobody knew their keys.
    private func uncoveredValues(_ text: MigrationText, _ batch: [Rewrite], _ edits: [Fix.Edit]) -> [Range<Int>] {
        guard compilation.hasErrors else { return [] }
        let keys = Set(batch.filter { rewrite in rewrite.code.map { Self.covering.contains($0) } ?? false }.map { edits.image(of: $0.offset) })
        return text.entries.filter { keys.contains($0.span.start) }.map { $0.entry.value.span.range }
    }

    private func isNoWorse(_ next: Compilation, _ text: MigrationText, _ batch: [Rewrite], _ edits: [Fix.Edit]) -> Bool {
        func counts(_ diagnostics: [Diagnostic]) -> [DiagnosticCode: Int] { diagnostics.reduce(into: [:]) { $0[$1.code, default: 0] += 1 } }
        let old = counts(compilation.diagnostics)
        let values = uncoveredValues(text, batch, edits)
        let seen = next.diagnostics.filter { diagnostic in
            guard let place = diagnostic.primary, place.file == FileID(0) else { return true }
            return !values.contains { $0.contains(place.start) }
        }
        for (code, count) in counts(seen) where count > old[code] ?? 0 {
            guard Self.uncovered.contains(code), compilation.hasErrors || code == .unusedAllowComment else { return false }
        }
        guard let before = compilation.plan else { return true }
        guard let after = next.plan else { return false }
        return before == after || batch.contains(where: \.changesPlan)
    }
}
