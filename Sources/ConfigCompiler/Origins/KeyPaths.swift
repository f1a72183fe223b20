/// Walks along the names that lead to a key.
extension Section {
    /// What was given at a path of canonical names, names of backends, and `[0]` for elements; nil for a default.
    func field(at path: [String]) -> Checked? {
        guard let name = path.first, let field = fields[name] else { return nil }
        var (value, rest) = (field, path.dropFirst())
        while let part = rest.first {
            switch value.value {
            case .section(let section): return section.field(at: Array(rest))
            case .list(let sections):
                guard let index = Int(part.dropFirst().dropLast()), sections.indices.contains(index) else { return nil }
                value = Checked(value: .section(sections[index]), origin: sections[index].span.map { .file($0) } ?? field.origin)
            case .named(let named):
                guard let section = named[part] else { return nil }
                value = Checked(value: .section(section), origin: section.span.map { .file($0) } ?? field.origin)
            default: return nil
            }
            rest = rest.dropFirst()
        }
        return value
    }
}

extension Scope {
    /// A path as it was written, with canonical names; nil where it leads to no key.
    func canonical(_ path: [String]) -> [String]? {
        guard let first = path.first else { return [] }
        guard let spec = key(first) else { return nil }
        let rest = Array(path.dropFirst())
        switch spec.type {
        case .section(let inner), .optional(let inner): return inner.canonical(rest).map { [spec.name] + $0 }
        case .named(let inner):
            guard let name = rest.first else { return [spec.name] }
            return inner.canonical(Array(rest.dropFirst())).map { [spec.name, name] + $0 }
        default: return rest.isEmpty ? [spec.name] : nil
        }
    }

    /// The value at canonical `path` in a tree that stands for its first `length` names.
    func node(at path: [String], below length: Int, in node: SyntaxNode) -> SyntaxNode? {
        var (scope, current): (Scope?, SyntaxNode) = (self, node)
        var isName = false
        for (index, part) in path.enumerated() {
            let spec = isName ? nil : scope?.key(part)
            if index >= length {
                guard case .mapping(let entries) = current.value,
                    let entry = entries.first(where: { isName ? $0.key == part : spec != nil && scope?.key($0.key)?.name == part })
                else { return nil }
                current = entry.value
            }
            guard !isName else {
                isName = false
                continue
            }
            switch spec?.type {
            case .section(let inner), .optional(let inner): scope = inner
            case .named(let inner):
                scope = inner
                isName = true
            default: scope = nil
            }
        }
        return current
    }
}
