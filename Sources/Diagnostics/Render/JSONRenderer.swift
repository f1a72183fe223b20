import JSON

/// Diagnostics for programs: one document with a version of its format.
public struct JSONRenderer: Sendable {
    public static let formatName = "anyclaude.diagnostics"
    /// The minor number rises with additions; readers pass over members that they do not know.
    public static let formatVersion = "1.1"

    public init() {}

    /// One document for all inputs.
    public func render(_ report: Report) -> JSON {
        [
            "format": .string(Self.formatName),
            "format_version": .string(Self.formatVersion),
            "diagnostics": .array(report.inputs.flatMap { input in input.diagnostics.map { render($0, input) } }),
            "summary": [
                "files": .integer(report.inputs.count),
                "errors": .integer(report.count(.error)),
                "warnings": .integer(report.count(.warning)),
                "notes": .integer(report.count(.note)),
            ],
        ]
    }

    private func render(_ diagnostic: Diagnostic, _ input: Findings) -> JSON {
        let sources = input.sources
        return [
            "file": .string(input.path),
            "code": .string(diagnostic.code.rawValue),
            "severity": .string(diagnostic.severity.rawValue),
            "title": .string(diagnostic.code.page.title),
            "message": .string(diagnostic.message),
            "path": diagnostic.path.map { .string($0) } ?? .null,
            "primary": diagnostic.primary.map { place($0, diagnostic.label, sources) } ?? .null,
            "secondary": .array(diagnostic.secondary.map { place($0.span, $0.label, sources) }),
            "notes": .array(diagnostic.notes.map { .string($0) }),
            "fixes": .array(diagnostic.fixes.map { render($0, sources) }),
        ]
    }

    private func render(_ fix: Fix, _ sources: SourceMap) -> JSON {
        [
            "description": .string(fix.description),
            "applicability": .string(fix.applicability.rawValue),
            "edits": .array(fix.shownEdits(sources).map { edit($0, sources) }),
        ]
    }

    private func edit(_ edit: Fix.Edit, _ sources: SourceMap) -> JSON {
        [
            "file": .string(sources[edit.span.file].path), "byte_start": .integer(edit.span.start), "byte_end": .integer(edit.span.end),
            "text": .string(edit.text),
        ]
    }

    private func place(_ span: SourceSpan, _ label: String, _ sources: SourceMap) -> JSON {
        let source = sources[span.file]
        func position(_ offset: Int) -> JSON {
            let position = source.position(of: offset)
            return [
                "byte": .integer(offset), "line": .integer(position.line), "column": .integer(position.column), "utf16": .integer(position.utf16),
            ]
        }
        return ["file": .string(source.path), "start": position(span.start), "end": position(span.end), "label": .string(label)]
    }
}
