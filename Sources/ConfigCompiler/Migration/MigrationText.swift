import Diagnostics
import JSON

/// The text of one round: its tree, what the compiler says of it, and its entries with the keys that they are.
struct MigrationText {
    /// A member of a mapping that stands in the text itself: not merged, not behind an alias, not of another file.
    struct Entry {
        var path: [String]
        /// Names of the path before the first that is a secret itself.
        var shownNames = Int.max
        /// Nil for a key that is not known.
        var spec: KeySpec?
        var entry: SyntaxEntry
        /// The mapping around it.
        var container: SyntaxNode

        /// As reports name it.
        var key: String { path.prefix(shownNames).joined(separator: ".") }
        /// Tells it from all others; never shown.
        var id: String { path.joined(separator: ".") }
        var span: SourceSpan { entry.keySpan }
    }

    let bytes: [UInt8]
    let source: SourceText
    let root: SyntaxNode
    let compilation: Compilation
    /// Steps that were tried and did harm.
    let refused: Set<String>
    let isJSON: Bool
    private(set) var entries: [Entry] = []
    private var places: [SourceSpan: Int] = [:]

    /// Nil where the text is not one mapping.
    init?(_ path: String, _ bytes: [UInt8], _ compilation: Compilation, refused: Set<String>) {
        let format = SourceFormat(path: path)
        let file = FileID(0)
        var isJSON = format == .json
        if format == .either { isJSON = !SyntaxTree.documents(of: bytes, file: file, format: .json).diagnostics.hasErrors }
        let syntax = SyntaxTree.documents(of: bytes, file: file, format: isJSON ? .json : .yaml)
        guard let root = syntax.documents.first, syntax.documents.count == 1, case .mapping = root.value, root.duplicateKeys().isEmpty else {
            return nil
        }
        self.bytes = bytes
        self.root = root
        self.compilation = compilation
        self.refused = refused
        self.isJSON = isJSON
        source = SourceText(path: path, bytes: bytes)
        collect(root, FileKeys.scope, Names(), compilation.hiddenSources.files.first ?? source)
        for (index, entry) in entries.enumerated() { places[entry.span] = index }
    }

    /// The names that lead to a mapping.
    private struct Names {
        var path: [String] = []
        var shown = Int.max

        func appending(_ name: String, isSecret: Bool = false) -> Names {
            Names(path: path + [name], shown: isSecret ? min(shown, path.count) : shown)
        }
    }

    /// - Parameter hidden: the text with its secrets masked; names may be some.
    private mutating func collect(_ node: SyntaxNode, _ scope: Scope?, _ names: Names, _ hidden: SourceText) {
        guard node.alias == nil, case .mapping(let members) = node.value else { return }
        for member in members where !member.isMerged && !member.key.hasPrefix("//") {
            let spec = scope?.key(member.key)
            let inner = add(member, spec, node, names, hidden)
            switch spec?.type {
            case .section(let scope), .optional(let scope): collect(member.value, scope, inner, hidden)
            case .named(let scope): collect(named: member.value, scope, inner, hidden)
            case .list(let scope):
                guard member.value.alias == nil, case .sequence(let elements) = member.value.value else { continue }
                for (index, element) in elements.enumerated() { collect(element, scope, inner.appending(String(index)), hidden) }
            // What is not known may still be named by a finding, as the keys of a cluster are.
            case nil, .anything: collect(member.value, nil, inner, hidden)
            default: continue
            }
        }
    }

    private mutating func collect(named node: SyntaxNode, _ scope: Scope, _ names: Names, _ hidden: SourceText) {
        guard node.alias == nil, case .mapping(let members) = node.value else { return }
        for member in members where !member.isMerged && !member.key.hasPrefix("//") {
            collect(member.value, scope, add(member, nil, node, names, hidden), hidden)
        }
    }

    private mutating func add(_ member: SyntaxEntry, _ spec: KeySpec?, _ node: SyntaxNode, _ names: Names, _ hidden: SourceText) -> Names {
        let inner = names.appending(member.key, isSecret: hidden.isMasked(member.keySpan.range))
        entries.append(Entry(path: inner.path, shownNames: inner.shown, spec: spec, entry: member, container: node))
        return inner
    }

    /// The entry whose key stands at a place.
    func entry(at span: SourceSpan) -> Entry? { places[span].map { entries[$0] } }

    /// The entry whose value stands at a place, not through an alias.
    func entry(valued place: SourceSpan) -> Entry? {
        entries.first { $0.entry.value.alias == nil && $0.entry.value.span.file == place.file && $0.entry.value.span.start == place.start }
    }

    func entry(_ path: [String]) -> Entry? { entries.first { $0.path == path } }

    /// The members of an entry's value, as entries.
    func members(of entry: Entry) -> [Entry] { entries.filter { $0.path.dropLast().elementsEqual(entry.path) } }

    /// Whether it would be seen that a key which goes, or comes, changes what holds: the plan shows it, and without one, nothing may stand
    /// behind the keys of the text, neither through `<<` nor in a file that it includes.
    var showsWhatHolds: Bool {
        compilation.plan != nil || compilation.sources.files.count == 1 && bytes.firstRange(of: Array("<<".utf8)) == nil
    }

    /// Whether an anchor or a tag stands before a value or key: it would be lost with it.
    func hasProperty(_ span: SourceSpan) -> Bool { span.start < bytes.count && "&!*".utf8.contains(bytes[span.start]) && !isJSON }
}
