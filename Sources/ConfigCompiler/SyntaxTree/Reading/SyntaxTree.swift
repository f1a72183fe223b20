import Diagnostics
import JSON

/// The second stage: the documents of a text as values with places.
public enum SyntaxTree {
    /// All documents of a text, and what is wrong with it; there are none where it cannot be read.
    public static func documents(
        of bytes: [UInt8], file: FileID, format: SourceFormat, limits: SyntaxLimits = SyntaxLimits()
    ) -> (documents: [SyntaxNode], diagnostics: [Diagnostic]) {
        let (documents, diagnostics) = read(bytes, file: file, format: format, limits: limits)
        return (documents.map(\.node), diagnostics)
    }

    /// As `documents`, without the nodes.
    static func read(
        _ bytes: [UInt8], file: FileID, format: SourceFormat, limits: SyntaxLimits
    ) -> (documents: [SyntaxDocument], diagnostics: [Diagnostic]) {
        if let fault = bytes.withUnsafeBufferPointer({ BytePrecheck.fault(in: $0, file: file, format: format) }) { return ([], [fault]) }
        switch format {
        case .json: return json(bytes, file, limits)
        case .yaml: return yaml(bytes, file, limits)
        case .either:
            guard bytes.withUnsafeBufferPointer({ looksLikeJSON($0) }) else { return yaml(bytes, file, limits) }
            let first = json(bytes, file, limits)
            if !first.diagnostics.hasErrors { return first }
            let second = yaml(bytes, file, limits)
            return second.diagnostics.hasErrors ? first : second
        }
    }

    private static func looksLikeJSON(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = BytePrecheck.hasByteOrderMark(bytes) ? 3 : 0
        let first = bytes[start...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func json(
        _ bytes: [UInt8], _ file: FileID, _ limits: SyntaxLimits
    ) -> (documents: [SyntaxDocument], diagnostics: [Diagnostic]) {
        if bytes.isEmpty { return ([], [empty(file)]) }
        return bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONError) {
                return switch try JSONTape.parse(buffer, maximumDepth: limits.depth, limits: limits.json) {
                case .success(let tape): ([.json(tape, bytes, file)], [])
                case .failure(let excess): ([], [limits.diagnostic(excess, in: file)])
                }
            } catch {
                return ([], [JSONSyntaxFault.diagnostic(error, in: buffer, file: file, limits: limits)])
            }
        }
    }

    private static func yaml(
        _ bytes: [UInt8], _ file: FileID, _ limits: SyntaxLimits
    ) -> (documents: [SyntaxDocument], diagnostics: [Diagnostic]) {
        bytes.withUnsafeBufferPointer { buffer in
            var composer = YAMLComposer(bytes: buffer, file: file, limits: limits)
            composer.run()
            return (composer.documents.map { .yaml($0) }, composer.diagnostics)
        }
    }

    /// No text is no configuration; to the syntax of YAML it is no document, which is no fault.
    static func empty(_ file: FileID) -> Diagnostic {
        Diagnostic(
            .emptyFile, "the file says nothing", at: SourceSpan(file, 0..<0), label: "nothing here",
            notes: ["`backend: claude` alone is a whole configuration"])
    }
}
