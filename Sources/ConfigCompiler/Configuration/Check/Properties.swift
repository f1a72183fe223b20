import Diagnostics

extension [Diagnostic] {
    /// Without the fixes that would replace a value together with its anchor or tag: aliases of it would lead nowhere, or to another
    /// value. Only for texts that could be read: there, no plain text begins with these characters.
    func keepingProperties(_ sources: SourceMap) -> [Diagnostic] {
        map { diagnostic in
            guard !diagnostic.fixes.isEmpty else { return diagnostic }
            var copy = diagnostic
            copy.fixes.removeAll { fix in fix.edits.contains { $0.replacesProperty(sources) } }
            return copy
        }
    }
}

extension Fix.Edit {
    fileprivate func replacesProperty(_ sources: SourceMap) -> Bool {
        let bytes = sources[span.file].bytes
        return !span.isEmpty && span.start < bytes.count && "&!*".utf8.contains(bytes[span.start])
    }
}
