/// Columns of text, as wide as their widest cell, two spaces apart; the last one is not padded.
struct Table {
    struct Cell {
        var text: String
        /// Changes the look of the padded cell, never its width.
        var paint: (String) -> String

        init(_ text: String, _ paint: @escaping (String) -> String = { $0 }) {
            self.text = text
            self.paint = paint
        }
    }

    private var rows: [[Cell]]

    init(_ header: [String], style: Style) { rows = [header.map { Cell($0, style.dim) }] }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    mutating func add(_ cells: String...) { rows.append(cells.map { Cell($0) }) }

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { index, cell in
                let padding = index == row.count - 1 ? 0 : widths[index] - cell.text.count + 2
                return cell.paint(cell.text) + String(repeating: " ", count: padding)
            }.joined()
        }
    }
}
