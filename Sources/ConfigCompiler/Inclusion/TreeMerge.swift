import Diagnostics

/// One tree of several files: the including file goes before what it includes.
///
/// Mappings merge key by key, at any depth; a list, text or number replaces what stood there. A key without a value adds nothing
/// to a mapping and takes nothing away. Every value keeps the place where it was written.
struct TreeMerge {
    /// Secrets in values that were replaced: nobody reads them any more, and nobody may see them.
    private(set) var masks: [SourceSpan] = []

    mutating func merge(_ winner: SyntaxNode, over base: SyntaxNode) -> SyntaxNode {
        guard case .mapping(var entries) = winner.value, case .mapping(let others) = base.value else {
            if case .null = winner.value, case .mapping = base.value { return base }
            return winner
        }
        var places: [String: Int] = [:]
        for (index, entry) in entries.enumerated() where places[entry.key] == nil { places[entry.key] = index }
        for other in others {
            if let index = places[other.key] {
                if SecretScan.isSecretName(other.key) { masks += other.value.textSpans }
                entries[index].value = merge(entries[index].value, over: other.value)
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
