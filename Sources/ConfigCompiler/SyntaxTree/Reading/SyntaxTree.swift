import Diagnostics
import JSON

/// The second stage: the documents of a text as values with places.
public enum SyntaxTree {
    /// All documents of a text, and what is wrong with it; there are none where it cannot be read.
    public static func documents(
        of bytes: [UInt8], file: FileID, format: SourceFormat, limits: SyntaxLimits = SyntaxLimits()
    ) -> (documents: [SyntaxNode], diagnostics: [Diagnostic]) {
        bytes.withUnsafeBufferPointer { buffer in
            if let fault = BytePrecheck.fault(in: buffer, file: file, format: format) { return ([], [fault]) }
            switch format {
            case .json: return json(buffer, file, limits)
            case .yaml: return yaml(buffer, file, limits)
            case .either:
                guard looksLikeJSON(buffer) else { return yaml(buffer, file, limits) }
                let first = json(buffer, file, limits)
                if !first.diagnostics.hasErrors { return first }
                let second = yaml(buffer, file, limits)
                return second.diagnostics.hasErrors ? first : second
            }
        }
    }

    private static func looksLikeJSON(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = BytePrecheck.hasByteOrderMark(bytes) ? 3 : 0
        let first = bytes[start...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func json(_ bytes: UnsafeBufferPointer<UInt8>, _ file: FileID, _ limits: SyntaxLimits) -> (
        documents: [SyntaxNode], diagnostics: [Diagnostic]
    ) {
        if bytes.isEmpty { return ([], [empty(file)]) }
        do throws(JSONError) {
            let sink = try JSONParser.parse(bytes, into: JSONTreeSink(file: file, limits: limits), maximumDepth: limits.depth)
            if let violation = sink.violation { return ([], [violation]) }
            return (sink.result.map { [$0] } ?? [], [])
        } catch {
            return ([], [JSONSyntaxFault.diagnostic(error, in: bytes, file: file, limits: limits)])
        }
    }

    private static func yaml(_ bytes: UnsafeBufferPointer<UInt8>, _ file: FileID, _ limits: SyntaxLimits) -> (
        documents: [SyntaxNode], diagnostics: [Diagnostic]
    ) {
        var composer = YAMLComposer(bytes: bytes, file: file, limits: limits)
        composer.run()
        return (composer.documents, composer.diagnostics)
    }

    /// No text is no configuration; to the syntax of YAML it is no document, which is no fault.
    static func empty(_ file: FileID) -> Diagnostic {
        Diagnostic(
            .emptyFile, "the file says nothing", at: SourceSpan(file, 0..<0), label: "nothing here",
            notes: ["`backend: claude` alone is a whole configuration"])
    }
}
