import Diagnostics

/// One tree of several files: the including file goes before what it includes.
///
/// Mappings merge key by key, at any depth; a list, text or number replaces what stood there. A key without a value adds nothing
/// to a mapping and takes nothing away. Every value keeps the place where it was written.
struct TreeMerge {
    /// A value that another file's value went before.
    struct Replaced: Sendable {
        /// The keys that lead to it, as they were written.
        var path: [String]
        /// The place of the value that won.
        var winner: SourceSpan
        var node: SyntaxNode
    }

    /// In the order of the merges: of several that lost to one value, the first goes before the next.
    private(set) var replaced: [Replaced] = []
    private var path: [String] = []
    /// Secrets in values that were replaced: nobody reads them any more, and nobody may see them.
    private(set) var masks: [SourceSpan] = []

    mutating func merge(_ winner: SyntaxNode, over base: SyntaxNode) -> SyntaxNode {
        guard case .mapping(var entries) = winner.value, case .mapping(let others) = base.value else {
            if case .null = winner.value, case .mapping = base.value { return base }
            replaced.append(Replaced(path: path, winner: winner.span, node: base))
            return winner
        }
        var places: [String: Int] = [:]
        for (index, entry) in entries.enumerated() where places[entry.key] == nil { places[entry.key] = index }
        for other in others {
            if let index = places[other.key] {
                if SecretScan.isSecretName(other.key) { masks += other.value.textSpans }
                path.append(other.key)
                entries[index].value = merge(entries[index].value, over: other.value)
                path.removeLast()
            } else {
                places[other.key] = entries.count
                entries.append(other)
            }
        }
        var result = winner
        result.value = .mapping(entries)
        return result
    }
}
