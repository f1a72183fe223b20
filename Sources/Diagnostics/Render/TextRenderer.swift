/// Diagnostics for people: a frame of the source with marks under the places, notes, and what to do.
public struct TextRenderer: Sendable {
    private let style: Style
    private let width: Int
    /// - Parameters:
    ///   - color: whether to use the colours of a terminal.
    ///   - width: the columns of the terminal; nil where there is none.
    public init(color: Bool, width: Int? = nil) {
        style = Style(color: color)
        self.width = max(40, width ?? 160)
    }

    /// The diagnostics and a summary; empty where there are none.
    public func render(_ diagnostics: [Diagnostic], _ sources: SourceMap) -> String {
        render(Report([Findings(path: "", diagnostics: diagnostics, sources: sources)]))
    }

    /// The diagnostics of all inputs and one summary, last; empty where there are none.
    public func render(_ report: Report) -> String {
        guard !report.isEmpty else { return "" }
        let all = report.inputs.flatMap { input in input.diagnostics.map { ($0, input.sources) } }
        var blocks = all.prefix(Report.maximumShown).map { block($0, $1) }
        if all.count > Report.maximumShown { blocks.append("… and \(all.count - Report.maximumShown) more\n") }
        blocks.append("\(report.counts); \(report.hints.joined(separator: "\n"))\n")
        return blocks.joined(separator: "\n")
    }

    /// One diagnostic, without a summary.
    func block(_ diagnostic: Diagnostic, _ sources: SourceMap) -> String {
        let role = Style.role(of: diagnostic.severity)
        var lines = [
            style(role, "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]") + style(.strong, ": \(diagnostic.message)")
        ]
        let marks =
            [diagnostic.primary.map { SourceFrame.Mark(span: $0, label: diagnostic.label, isPrimary: true) }].compactMap { $0 }
            + diagnostic.secondary.map { SourceFrame.Mark(span: $0.span, label: $0.label, isPrimary: false) }
        let gutter = self.gutter(diagnostic, sources)
        for (index, file) in files(of: marks).enumerated() {
            let own = marks.filter { $0.span.file == file }
            guard let first = own.first else { continue }
            let arrow = String(repeating: " ", count: gutter) + (index == 0 ? "--> " : "::: ")
            lines.append(style(.gutter, arrow) + sources.place(of: first.span))
            lines += frame(own, sources[file], gutter, diagnostic.severity).render()
        }
        if !marks.isEmpty, !diagnostic.notes.isEmpty || !diagnostic.fixes.isEmpty { lines.append(bar(gutter)) }
        lines += diagnostic.notes.map { style(.gutter, String(repeating: " ", count: gutter) + " = ") + style(.strong, "note") + ": \($0)" }
        lines += diagnostic.fixes.flatMap { render($0, sources, gutter) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func bar(_ gutter: Int) -> String { style(.gutter, String(repeating: " ", count: gutter) + " |") }

    private func files(of marks: [SourceFrame.Mark]) -> [FileID] {
        var result: [FileID] = []
        for mark in marks where !result.contains(mark.span.file) { result.append(mark.span.file) }
        return result
    }

    private func gutter(_ diagnostic: Diagnostic, _ sources: SourceMap) -> Int {
        let spans = [diagnostic.primary].compactMap { $0 } + diagnostic.secondary.map(\.span) + diagnostic.fixes.flatMap { $0.edits.map(\.span) }
        let last = spans.map { sources[$0.file].lineIndex(of: min($0.start, sources[$0.file].bytes.count)) + 1 }.max() ?? 1
        return String(last).count
    }

    private func frame(_ marks: [SourceFrame.Mark], _ source: SourceText, _ gutter: Int, _ severity: Diagnostic.Severity) -> SourceFrame {
        SourceFrame(source: source, marks: marks, gutter: gutter, style: style, severity: severity, width: max(20, width - gutter - 3))
    }

    /// The line as it reads after the fix, with the new texts marked; the description alone where that does not fit one line.
    private func render(_ fix: Fix, _ sources: SourceMap, _ gutter: Int) -> [String] {
        let title = style(.help, "help") + ": \(fix.description) (\(fix.applicability.rawValue))"
        guard let first = fix.shownEdits(sources).first, !fix.edits.contains(where: { $0.text.contains("\n") }) else { return [title] }
        let source = sources[first.span.file]
        let line = source.lineIndex(of: min(first.span.start, source.bytes.count))
        let range = source.lineRange(line)
        let isOnLine = fix.edits.allSatisfy {
            $0.span.file == first.span.file && $0.span.start >= range.lowerBound && $0.span.end <= range.upperBound
        }
        guard isOnLine, range.count < 4 * width, !source.masks.overlaps(range) else { return [title] }
        var changed: [UInt8] = []
        var marks: [Range<Int>] = []
        var position = range.lowerBound
        for edit in fix.edits where edit.span.start >= position {
            changed += source.bytes[position..<edit.span.start]
            marks.append(changed.count..<changed.count + edit.text.utf8.count)
            changed += Array(edit.text.utf8)
            position = edit.span.end
        }
        changed += source.bytes[position..<range.upperBound]
        let display = DisplayLine(SourceText(path: source.path, bytes: changed), line: 0)
        guard display.width <= width - gutter - 3 else { return [title] }
        let number = String(line + 1)
        let margin = style(.gutter, String(repeating: " ", count: gutter - number.count) + number + " |")
        let mark = underline(marks.filter { !$0.isEmpty }, display)
        return [title, bar(gutter), "\(margin) \(display.text)"] + (mark.isEmpty ? [] : ["\(bar(gutter)) \(mark)"])
    }

    private func underline(_ marks: [Range<Int>], _ display: DisplayLine) -> String {
        var result = ""
        var column = 0
        for mark in marks {
            let (start, end) = (display.column(of: mark.lowerBound), display.column(of: mark.upperBound))
            result += String(repeating: " ", count: max(0, start - column)) + style(.help, String(repeating: "~", count: max(1, end - start)))
            column = max(end, start + 1)
        }
        return result
    }
}
