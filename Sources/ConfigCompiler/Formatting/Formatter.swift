import Diagnostics
import JSON

/// What became of a text that was to be formatted.
public enum Formatted: Sendable {
    /// The text in its form; the same bytes where it has it already.
    case text([UInt8])
    /// The text cannot be read: why, with its places.
    case unreadable(Findings)
    /// No form could be found that says the same in every respect: the text is left alone.
    case leftAlone(reason: String)
}

/// One form for configurations, and for any other YAML or JSON text.
///
/// Only white space changes. It is checked before the result is given away, not merely intended: the result has the same values,
/// anchors, tags and styles; the same comments in the same order; and formatting it again changes nothing.
public enum Formatter {
    /// A text is read as what the file's name says.
    public static func format(_ file: SourceFile) -> Formatted {
        let bytes = file.bytes
        switch read(file) {
        case .failure(let findings): return .unreadable(findings)
        case .success(let syntax): return syntax.isJSON ? json(bytes, syntax.documents) : yaml(bytes, syntax.documents)
        }
    }

    private struct Syntax {
        var documents: [JSON]
        var isJSON: Bool
    }

    private enum Reading {
        case success(Syntax)
        case failure(Findings)
    }

    private static func read(_ file: SourceFile) -> Reading {
        var sources = SourceMap()
        let id = sources.add(path: file.path, bytes: file.bytes)
        let (documents, diagnostics) = SyntaxTree.read(file.bytes, file: id, format: SourceFormat(path: file.path), limits: limits)
        if documents.isEmpty, diagnostics.hasErrors {
            sources.mask(SecretScan.ranges(in: file.bytes).map { SourceSpan(id, $0) })
            SecretMasks.apply([], to: &sources)
            return .failure(Findings(path: file.path, diagnostics: diagnostics.sortedForReport().withoutSecrets(of: sources), sources: sources))
        }
        let isJSON = if case .json? = documents.first { true } else { false }
        return .success(Syntax(documents: documents.map(\.value), isJSON: isJSON))
    }

    private static var limits: SyntaxLimits {
        var limits = SyntaxLimits()
        limits.passesUnknownTags = true
        return limits
    }

    private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    private static func documents(_ bytes: [UInt8], _ format: SourceFormat) -> [JSON]? {
        let syntax = SyntaxTree.documents(of: bytes, file: FileID(0), format: format, limits: limits)
        return syntax.documents.isEmpty && syntax.diagnostics.hasErrors ? nil : syntax.documents.map(\.json)
    }

    private static func json(_ bytes: [UInt8], _ old: [JSON]) -> Formatted {
        let new = JSONLayout.write(withoutMark(bytes))
        guard documents(new, .json) == old, JSONLayout.write(new[...]) == new else {
            return .leftAlone(reason: "its values would not stay the same")
        }
        return .text(new)
    }

    private static func yaml(_ bytes: [UInt8], _ old: [JSON]) -> Formatted {
        var text = Array(withoutMark(bytes))
        // A last line of spaces counts even without a line break after it, which libyaml does not see.
        if text.withUnsafeBufferPointer({ YAMLEvents.endsInSpaces($0) }) { text.append(0x0A) }
        guard let first = YAMLLayout.write(text) else { return .leftAlone(reason: "something between its values is not understood") }
        guard documents(first.text, .yaml) == old, let before = YAMLMeaning.of(text), YAMLMeaning.of(first.text) == before else {
            return .leftAlone(reason: "its values would not stay the same")
        }
        guard let second = YAMLLayout.write(first.text) else { return .leftAlone(reason: "its form would not be understood again") }
        guard second.comments.elementsEqual(first.comments, by: { $0.elementsEqual($1) }) else {
            return .leftAlone(reason: "its comments would not stay where they are")
        }
        guard second.text == first.text else { return .leftAlone(reason: "its form would change again the next time") }
        return .text(first.text)
    }
}

/// What a YAML text says, without how it is laid out: its events with texts, tags, anchors and styles.
private struct YAMLMeaning: Equatable {
    private var events: [YAMLEvents.Kind] = []

    /// Nil where it cannot be read.
    static func of(_ text: [UInt8]) -> YAMLMeaning? {
        text.withUnsafeBufferPointer { bytes in
            var reader = YAMLEvents(bytes)
            var meaning = YAMLMeaning()
            do throws(YAMLEvents.Failure) {
                while true {
                    let event = try reader.next()
                    if case .streamEnd = event.kind { return meaning }
                    meaning.events.append(event.kind)
                }
            } catch {
                return nil
            }
        }
    }
}
