/// A text of the client in the parts that a reader sees: headings, paragraphs, the points of lists, and code.
struct PromptText {
    enum Unit: Equatable {
        /// With its depth.
        case heading(String, Int)
        case paragraph(String)
        /// A paragraph that ends in a colon: what follows it is its list.
        case lead(String)
        /// As it is written, mark and indentation included.
        case point(String)
        case code(String)
    }
    private(set) var units: [Unit] = []
    /// The lines that are not finished yet.
    private var open: [Substring] = []
    private var openIsPoint = false
    private var fence: [Substring]?
    /// The lines behind a lead without a mark are points too, up to the next empty line.
    private var isBehindLead = false

    init(_ text: String) {
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) { add(Substring(line)) }
        if let fence { units.append(.code(fence.joined(separator: "\n"))) }
        close()
    }

    private mutating func add(_ line: Substring) {
        let words = line.trimmed
        let isFence = words.hasPrefix("```") || words.hasPrefix("~~~")
        if var lines = fence {
            lines.append(line)
            fence = isFence ? nil : lines
            if isFence { units.append(.code(lines.joined(separator: "\n"))) }
        } else if isFence {
            close()
            fence = [line]
        } else if words.isEmpty {
            close()
            isBehindLead = false
        } else if let depth = Self.headingDepth(line) {
            close()
            isBehindLead = false
            units.append(.heading(String(line), depth))
        } else if Self.isPoint(words) {
            close()
            open = [line]
            openIsPoint = true
        } else if isBehindLead {
            units.append(.point(String(line)))
        } else {
            open.append(line)
            if !openIsPoint, words.hasSuffix(":") {
                close()
                isBehindLead = true
            }
        }
    }

    private mutating func close() {
        defer {
            open = []
            openIsPoint = false
        }
        guard let last = open.last else { return }
        let text = open.joined(separator: "\n")
        if openIsPoint { return units.append(.point(text)) }
        units.append(last.trimmed.hasSuffix(":") ? .lead(text) : .paragraph(text))
    }

    private static func headingDepth(_ line: Substring) -> Int? {
        let depth = line.prefix { $0 == "#" }.count
        return (1...6).contains(depth) && line.dropFirst(depth).hasPrefix(" ") ? depth : nil
    }

    /// `- x`, `* x`, `+ x`, `1. x`, `1) x`
    private static func isPoint(_ words: Substring) -> Bool {
        if ["- ", "* ", "+ "].contains(where: words.hasPrefix) { return true }
        let rest = words.drop { $0.isASCII && $0.isNumber }
        return rest.count < words.count && words.count - rest.count <= 3 && (rest.hasPrefix(". ") || rest.hasPrefix(") "))
    }
}
