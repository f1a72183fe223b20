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

    /// Applies rules until none of them proposes anything more.
    mutating func run(_ rules: [any MigrationRule.Type]) throws(Migration.Refusal) {
        while let text = MigrationText(file.path, bytes, compilation, refused: refused) {
            let proposals = rules.flatMap { $0.rewrites(text, options) }.filter { !refused.contains($0.id) }
            let batch = Self.apart(proposals)
            guard let first = batch.first else { return }
            guard compilations < Self.maximumRounds, compilations * bytes.count < Self.maximumBytes else { throw .endless }
            // One after another where together they do harm, and where each may change the plan.
            if !first.changesPlan, accept(batch.filter { !$0.changesPlan }) { continue }
            if accept([first]) { continue }
            refused.insert(first.id)
            if let note = first.noteIfRefused { notes.append(note) }
        }
    }

    /// Those that do not touch each other, in the order of the text.
    private static func apart(_ rewrites: [Rewrite]) -> [Rewrite] {
        var result: [Rewrite] = []
        for (_, rewrite) in rewrites.enumerated().sorted(by: { ($0.1.start, $0.0) < ($1.1.start, $1.0) }) {
            if let last = result.last, rewrite.start <= last.end { continue }
            result.append(rewrite)
        }
        return result
    }

    private mutating func accept(_ batch: [Rewrite]) -> Bool {
        let edits = batch.flatMap(\.edits)
        let next = edits.applied(to: bytes)
        let compiled = compile(next)
        compilations += 1
        guard next != bytes, MigrationText(file.path, next, compiled, refused: []) != nil, isNoWorse(compiled, batch) else { return false }
        for rewrite in batch {
            let offset = history.reversed().reduce(rewrite.offset) { $1.origin(of: $0) }
            changes.append(
                Migration.Change(
                    code: rewrite.code, key: rewrite.key, action: rewrite.action, reason: rewrite.reason, place: original.position(of: offset)))
            if let secret = rewrite.secret { secrets.append(secret) }
        }
        history.append(edits)
        (bytes, compilation) = (next, compiled)
        return true
    }

    /// Findings that may come to light because nothing stands before them any more.
    private static let uncovered: Set<DiagnosticCode> = [.missingKey, .unusedAllowComment]

    private func isNoWorse(_ next: Compilation, _ batch: [Rewrite]) -> Bool {
        func counts(_ diagnostics: [Diagnostic]) -> [DiagnosticCode: Int] { diagnostics.reduce(into: [:]) { $0[$1.code, default: 0] += 1 } }
        let old = counts(compilation.diagnostics)
        for (code, count) in counts(next.diagnostics) where count > old[code] ?? 0 {
            guard Self.uncovered.contains(code), compilation.hasErrors || code == .unusedAllowComment else { return false }
        }
        guard let before = compilation.plan else { return true }
        guard let after = next.plan else { return false }
        return before == after || batch.contains(where: \.changesPlan)
    }
}
