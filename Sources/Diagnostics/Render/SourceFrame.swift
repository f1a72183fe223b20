/// Lines of one file with marks and labels under them.
struct SourceFrame {
    struct Mark {
        var span: SourceSpan
        var label: String
        var isPrimary: Bool
    }

    let source: SourceText
    let marks: [Mark]
    let gutter: Int
    let style: Style
    let severity: Diagnostic.Severity
    /// Columns for the text of a line.
    let width: Int

    /// The frame's lines, without the `-->` above it.
    func render() -> [String] {
        var result = [margin(nil)]
        let groups = Dictionary(grouping: marks) { source.lineIndex(of: min($0.span.start, source.bytes.count)) }
        var previous: Int?
        for line in groups.keys.sorted() {
            if let previous, line - previous == 2 {
                result.append(plain(previous + 1))
            } else if let previous, line - previous > 2 {
                result.append(style(.gutter, "..."))
            }
            result += annotated(line, groups[line] ?? [])
            previous = line
        }
        return result
    }

    private func margin(_ line: Int?) -> String {
        let number = line.map { String($0 + 1) } ?? ""
        return style(.gutter, String(repeating: " ", count: max(0, gutter - number.count)) + number + " |")
    }

    private func plain(_ line: Int) -> String {
        let text = DisplayLine(source, line: line, near: source.lineRange(line).lowerBound).window(from: 0, width: width)
        return text.isEmpty ? margin(line) : margin(line) + " " + text
    }

    private struct Placed {
        var start: Int
        var end: Int
        var label: String
        var isPrimary: Bool
    }

    private func annotated(_ line: Int, _ marks: [Mark]) -> [String] {
        let display = DisplayLine(source, line: line, near: (marks.first(where: \.isPrimary) ?? marks[0]).span.start)
        var placed = marks.map { mark in
            let start = display.column(of: mark.span.start)
            return Placed(start: start, end: max(start + 1, display.column(of: mark.span.end)), label: mark.label, isPrimary: mark.isPrimary)
        }
        // A window that has the primary mark, where the line is too long to be shown.
        let focus = placed.first(where: \.isPrimary) ?? placed[0]
        let shift = display.width <= width ? 0 : max(0, min(focus.start - width / 3, display.width - width))
        for index in placed.indices {
            placed[index].start = max(0, placed[index].start - shift)
            placed[index].end = min(max(placed[index].start + 1, placed[index].end - shift), width + 1)
        }
        placed = placed.filter { $0.start <= width }.sorted { $0.start == $1.start ? $0.isPrimary && !$1.isPrimary : $0.start < $1.start }
        let text = display.window(from: shift, width: width)
        return [text.isEmpty ? margin(line) : margin(line) + " " + text] + underlines(placed).map { margin(nil) + " " + $0 }
    }

    /// The row of marks with the last label, then the labels of the others from right to left, each on a stem.
    private func underlines(_ placed: [Placed]) -> [String] {
        var canvas = [[Cell]](repeating: [], count: 1)
        for mark in placed.sorted(by: { !$0.isPrimary && $1.isPrimary }) {
            for column in mark.start..<mark.end { put(mark.isPrimary ? "^" : "-", mark.isPrimary, at: column, row: 0, &canvas) }
        }
        guard let last = placed.last else { return [] }
        let inlineEnd = placed.map(\.end).max() ?? last.end
        var waiting = placed.filter { !$0.label.isEmpty }
        if let rightmost = waiting.last, rightmost.end == inlineEnd {
            write(rightmost.label, rightmost.isPrimary, at: rightmost.end + 1, row: 0, &canvas)
            waiting.removeLast()
        }
        var row = 1
        if !waiting.isEmpty {
            for mark in waiting { put("|", mark.isPrimary, at: mark.start, row: row, &canvas) }
            row += 1
        }
        for (index, mark) in waiting.enumerated().reversed() {
            for other in waiting[..<index] { put("|", other.isPrimary, at: other.start, row: row, &canvas) }
            write(mark.label, mark.isPrimary, at: mark.start, row: row, &canvas)
            row += 1
        }
        return canvas.map { cells in line(cells) }
    }

    private struct Cell {
        var text: String
        var isPrimary: Bool?
    }

    private func put(_ text: String, _ isPrimary: Bool, at column: Int, row: Int, _ canvas: inout [[Cell]]) {
        while canvas.count <= row { canvas.append([]) }
        while canvas[row].count <= column { canvas[row].append(Cell(text: " ", isPrimary: nil)) }
        canvas[row][column] = Cell(text: text, isPrimary: isPrimary)
    }

    private func write(_ label: String, _ isPrimary: Bool, at column: Int, row: Int, _ canvas: inout [[Cell]]) {
        // A label is the last thing on its row, so that its width does not matter.
        put(label, isPrimary, at: column, row: row, &canvas)
        canvas[row].removeLast(canvas[row].count - column - 1)
    }

    private func line(_ cells: [Cell]) -> String {
        var result = ""
        var run = ""
        var role: Bool?
        func flush() { result += role.map { style($0 ? Style.role(of: severity) : .gutter, run) } ?? run }
        for cell in cells {
            if cell.isPrimary != role {
                flush()
                run = ""
                role = cell.isPrimary
            }
            run += cell.text
        }
        flush()
        return result
    }
}
