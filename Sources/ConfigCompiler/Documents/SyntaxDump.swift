import Diagnostics
import JSON

/// The syntax layer alone: any YAML or JSON text as JSON values. What the public test suites run.
public enum SyntaxDump {
    public struct Result: Sendable {
        let documents: [SyntaxDocument]
        /// One for each document; empty where there are errors.
        public var values: [JSON] { documents.map(\.value) }
        public var diagnostics: [Diagnostic]
        public var sources: SourceMap
    }

    /// - Parameters:
    ///   - format: nil takes it from the file's name.
    ///   - allowDuplicateKeys: of duplicate keys the last value counts, instead of an error.
    public static func dump(
        _ file: SourceFile, format: SourceFormat? = nil, limits: SyntaxLimits = SyntaxLimits(), allowDuplicateKeys: Bool = false
    ) -> Result {
        var limits = limits
        limits.passesUnknownTags = true
        var sources = SourceMap()
        let id = sources.add(path: file.path, bytes: file.bytes)
        let tree = SyntaxTree.read(file.bytes, file: id, format: format ?? SourceFormat(path: file.path), limits: limits)
        let duplicates = allowDuplicateKeys ? [] : tree.documents.flatMap { $0.duplicateKeys() }
        var diagnostics = (tree.diagnostics + duplicates).sortedForReport()
        if diagnostics.hasErrors {
            sources.mask(SecretScan.ranges(in: file.bytes).map { SourceSpan(id, $0) })
            SecretMasks.apply(tree.documents.map(\.node), to: &sources)
            diagnostics = diagnostics.withoutSecrets(of: sources)
        }
        return Result(documents: diagnostics.hasErrors ? [] : tree.documents, diagnostics: diagnostics, sources: sources)
    }
}
