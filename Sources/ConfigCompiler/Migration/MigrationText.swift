import Diagnostics
import JSON

/// The text of one round: its tree, what the compiler says of it, and its entries with the keys that they are.
struct MigrationText {
    /// A member of a mapping that stands in the text itself: not merged, not behind an alias, not of another file.
    struct Entry {
        var path: [String]
        /// Nil for a key that is not known.
        var spec: KeySpec?
        var entry: SyntaxEntry
        /// The mapping around it.
        var container: SyntaxNode

        var key: String { path.joined(separator: ".") }
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
        collect(root, FileKeys.scope, [])
        for (index, entry) in entries.enumerated() { places[entry.span] = index }
    }

    private mutating func collect(_ node: SyntaxNode, _ scope: Scope?, _ path: [String]) {
        guard node.alias == nil, case .mapping(let members) = node.value else { return }
        for member in members where !member.isMerged && !member.key.hasPrefix("//") {
            let spec = scope?.key(member.key)
            let inner = path + [member.key]
            entries.append(Entry(path: inner, spec: spec, entry: member, container: node))
            switch spec?.type {
            case .section(let scope), .optional(let scope): collect(member.value, scope, inner)
            case .named(let scope): collect(named: member.value, scope, inner)
            case .list(let scope):
                guard member.value.alias == nil, case .sequence(let elements) = member.value.value else { continue }
                for (index, element) in elements.enumerated() { collect(element, scope, inner + [String(index)]) }
            // What is not known may still be named by a finding, as the keys of a cluster are.
            case nil, .anything: collect(member.value, nil, inner)
            default: continue
            }
        }
    }

    private mutating func collect(named node: SyntaxNode, _ scope: Scope, _ path: [String]) {
        guard node.alias == nil, case .mapping(let members) = node.value else { return }
        for member in members where !member.isMerged && !member.key.hasPrefix("//") {
            entries.append(Entry(path: path + [member.key], spec: nil, entry: member, container: node))
            collect(member.value, scope, path + [member.key])
        }
    }

    /// The entry whose key stands at a place.
    func entry(at span: SourceSpan) -> Entry? { places[span].map { entries[$0] } }

    func entry(_ path: [String]) -> Entry? { entries.first { $0.path == path } }

    /// The members of an entry's value, as entries.
    func members(of entry: Entry) -> [Entry] { entries.filter { $0.path.dropLast().elementsEqual(entry.path) } }

    /// Whether an anchor or a tag stands before a value or key: it would be lost with it.
    func hasProperty(_ span: SourceSpan) -> Bool { span.start < bytes.count && "&!*".utf8.contains(bytes[span.start]) && !isJSON }
}
