import Diagnostics

/// The place where a key of some name is known, as near as can be to the place where it was written.
struct KeyHome {
    let spec: KeySpec
    /// The key and those above it. `*` stands for a name that is not decided, an empty text for an element of a list.
    let components: [String]

    /// - Parameter name: of the key, or one of its other spellings.
    init?(of name: String, seenFrom place: Place) {
        let rows = KeyTable.rows.filter {
            $0.spec.unused == nil && $0.spec.deprecatedBy == nil && ($0.spec.name == name || $0.spec.aliases.contains(name))
        }
        let candidates = rows.map { (row: $0, components: Self.components($0.path, place)) }
        func shared(_ components: [String]) -> Int { zip(components, place.components).prefix { $0 == $1 }.count }
        let best = candidates.max { left, right in
            let (first, second) = (shared(left.components), shared(right.components))
            return first == second ? left.components.count > right.components.count : first < second
        }
        guard let best else { return nil }
        spec = best.row.spec
        components = best.components
    }

    /// The parts of a path of the table, its placeholders filled in as far as it goes the way of `place`.
    private static func components(_ path: String, _ place: Place) -> [String] {
        var result: [String] = []
        var isShared = true
        func own() -> String? { isShared && result.count < place.components.count ? place.components[result.count] : nil }
        for part in path.split(separator: ".") {
            let isList = part.hasSuffix("[]")
            let name = String(isList ? part.dropLast(2) : part)
            let filled = name == "*" ? own() ?? name : name
            isShared = isShared && own() == filled
            result.append(filled)
            if isList { result.append(own() ?? "") }
        }
        return result
    }

    var name: String { spec.name }

    /// Dotted, as `backends.vllm-mlx.cache.cache_slots` or `routes[].to`.
    var path: String {
        components.reduce(into: "") { text, part in
            let isElement = part.isEmpty || part.allSatisfy(\.isNumber)
            text += isElement ? "[\(part)]" : text.isEmpty ? part : ".\(part)"
        }
    }

    /// As messages say where it belongs.
    var parent: String {
        guard let last = components.dropLast().last else { return "at the top of the file" }
        if last == "*" { return "to a backend" }
        return last.isEmpty || last.allSatisfy(\.isNumber) ? "to a route" : "under `\(last)`"
    }

    /// The parts below the mapping at `place`, the key last; nil where the key belongs elsewhere.
    func components(below place: Place) -> [String]? {
        components.starts(with: place.components) ? Array(components.dropFirst(place.components.count)) : nil
    }

    /// The key of the mapping that it belongs to, where the file has one.
    func span(in root: SyntaxNode?) -> SourceSpan? {
        var node = root
        var span: SourceSpan?
        for name in components.dropLast() {
            guard case .mapping(let entries)? = node?.value, let entry = entries.first(where: { $0.key == name }) else { return nil }
            (node, span) = (entry.value, entry.keySpan)
        }
        return span
    }
}
