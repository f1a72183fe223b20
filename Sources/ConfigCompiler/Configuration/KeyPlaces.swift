import Diagnostics

/// Where the keys of a configuration stand, for what is found out about them when the compiler is done.
public struct KeyPlaces: Sendable {
    private let file: Section?

    init(_ file: Section? = nil) { self.file = file }

    /// The place of a dotted key's value, as `backends.mine.port`; where the key is not written, that of the nearest section around it that is.
    /// Nil where no file has any of them.
    public func span(of key: String) -> SourceSpan? {
        let parts = key.split(separator: ".").map(String.init)
        let found = walk(parts)
        // The Python environment of a backend may be written once for all of them.
        if !found.isWhole, parts.last == FileKeys.pythonVenv.name, let common = file?.field(FileKeys.pythonVenv) {
            return common.origin.span ?? found.span
        }
        return found.span
    }

    private func walk(_ parts: [String]) -> (span: SourceSpan?, isWhole: Bool) {
        var section = file
        var names: NamedSections?
        var span: SourceSpan?
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if let elements = names {
                guard let element = elements.elements.first(where: { $0.name == part }) else { return (span, false) }
                span = element.nameSpan ?? span
                section = element.section
                names = nil
                continue
            }
            guard let field = section?.fields[part] else { return (span, false) }
            section = nil
            switch field.value {
            case .section(let inner): section = inner
            case .named(let inner): names = inner
            default: break
            }
            // A flag's or a variable's value has no place; the section that it belongs to may have one.
            let place = section == nil && names == nil && isLast ? field.origin.span : field.keySpan ?? field.origin.span
            span = place ?? span
        }
        return (span, true)
    }
}
