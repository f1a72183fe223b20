import JSON

/// One diagnostic as a result of SARIF. Lines and columns count from 1, in Unicode scalars; ends are exclusive.
struct SARIFResult {
    let input: Findings
    private var sources: SourceMap { input.sources }

    func json(_ diagnostic: Diagnostic, rule: Int, _ fingerprints: inout SARIFRenderer.Fingerprints) -> JSON {
        var result: JSONObject = [
            "ruleId": .string(diagnostic.code.rawValue), "ruleIndex": .integer(rule), "level": .string(diagnostic.severity.rawValue),
            "message": ["text": .string(message(diagnostic))], "locations": [location(diagnostic)],
        ]
        let related = diagnostic.secondary.enumerated().map { index, place -> JSON in
            [
                "id": .integer(index + 1), "physicalLocation": physical(place.span),
                "message": ["text": .string(place.label.isEmpty ? "belongs to it" : place.label)],
            ]
        }
        if !related.isEmpty { result["relatedLocations"] = .array(related) }
        let fixes = diagnostic.fixes.compactMap(fix)
        if !fixes.isEmpty { result["fixes"] = .array(fixes) }
        if let span = diagnostic.primary {
            // As shown: the hash of a secret could be searched for.
            let source = sources[span.file]
            let line = DisplayLine(source, line: source.lineIndex(of: min(span.start, source.bytes.count)), near: span.start, within: 256).text
            let trimmed = String(line.drop { $0 == " " })
            result["partialFingerprints"] = ["primaryLocationLineHash": .string(fingerprints.next(diagnostic.code, line: trimmed))]
        }
        return .object(result)
    }

    private func message(_ diagnostic: Diagnostic) -> String {
        let first = diagnostic.label.isEmpty ? diagnostic.message : "\(diagnostic.message): \(diagnostic.label)"
        let help = diagnostic.fixes.map { "help: \($0.description) (\($0.applicability.rawValue))" }
        return ([first] + diagnostic.notes.map { "note: \($0)" } + help).joined(separator: "\n")
    }

    private func location(_ diagnostic: Diagnostic) -> JSON {
        guard let span = diagnostic.primary else { return ["physicalLocation": ["artifactLocation": artifact(input.path)]] }
        var result: JSONObject = ["physicalLocation": physical(span)]
        if let path = diagnostic.path, !path.isEmpty { result["logicalLocations"] = [["fullyQualifiedName": .string(path), "kind": "member"]] }
        return .object(result)
    }

    private func physical(_ span: SourceSpan) -> JSON { ["artifactLocation": artifact(sources[span.file].path), "region": region(span)] }

    private func region(_ span: SourceSpan) -> JSON {
        let source = sources[span.file]
        let (start, end) = (source.position(of: span.start), source.position(of: span.end))
        return [
            "startLine": .integer(start.line), "startColumn": .integer(start.column), "endLine": .integer(end.line),
            "endColumn": .integer(end.column),
        ]
    }

    /// A fix that is no edit, or whose edit would show a secret, is said in the message alone.
    private func fix(_ fix: Fix) -> JSON? {
        let edits = fix.shownEdits(sources)
        guard let file = edits.first?.span.file, edits.allSatisfy({ $0.span.file == file }) else { return nil }
        let replacements = edits.map { edit -> JSON in
            ["deletedRegion": region(edit.span), "insertedContent": ["text": .string(edit.text)]]
        }
        return [
            "description": ["text": .string(fix.description)],
            "artifactChanges": [["artifactLocation": artifact(sources[file].path), "replacements": .array(replacements)]],
            "properties": ["applicability": .string(fix.applicability.rawValue)],
        ]
    }

    /// Relative to the root of the sources, which the reader knows, or absolute.
    private func artifact(_ path: String) -> JSON {
        if path.hasPrefix("/") { return ["uri": .string("file://" + Self.escaped(path))] }
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return ["uri": .string(Self.escaped(relative)), "uriBaseId": "%SRCROOT%"]
    }

    /// Percent-encoded as a path of RFC 3986.
    static func escaped(_ path: String) -> String {
        path.utf8.map { byte -> String in
            let isKept = byte.isLetterOrDigit || "-._~/".utf8.contains(byte)
            if isKept { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
