import Diagnostics
import JSON

extension Checker {
    /// Puts a key into a mapping of its own where it stands: `port: 1` becomes `proxy: { port: 1 }`.
    ///
    /// - Parameters:
    ///   - path: the keys from this mapping down, the key's own name last.
    /// - Returns: nil where the mapping has the first of them already, and where the value is more than one simple word or text.
    func nesting(_ entry: SyntaxEntry, in node: SyntaxNode, under path: [String], _ applicability: Fix.Applicability) -> Fix? {
        // An element of a list, or a name that nobody has chosen, is not written by a fix.
        guard path.count > 1, !path.contains(""), !path.contains("*"), !entry.isMerged, case .mapping(let entries) = node.value,
            !entries.contains(where: { $0.key == path[0] })
        else {
            return nil
        }
        guard isSimple(entry) else { return nil }
        let isPlain = entry.keyStyle == .plain
        let names = path.map { isPlain ? $0 : JSON.string($0).text }
        let opening = names.dropLast().map { "\($0): { " }.joined() + (names.last ?? "")
        let closing = String(repeating: " }", count: path.count - 1)
        return Fix(
            "write it under `\(path.dropLast().joined(separator: "."))`", applicability,
            edits: [.init(entry.keySpan, opening), .init(entry.value.span.after, closing)])
    }

    /// Whether `key: value` is all on one line, and its value means the same between braces.
    private func isSimple(_ entry: SyntaxEntry) -> Bool {
        let (key, value) = (entry.keySpan, entry.value.span)
        guard entry.value.alias == nil, entry.value.style != .block, key.file == value.file, key.end < value.start, !value.isEmpty else {
            return false
        }
        switch entry.value.value {
        case .mapping, .sequence, .null: return false
        default: break
        }
        let bytes = sources[key.file].bytes
        guard bytes[key.end..<value.start].allSatisfy({ $0 == UInt8(ascii: ":") || $0 == 0x20 }) else { return false }
        return bytes[value.range].allSatisfy { !"\n\r,[]{}#:".utf8.contains($0) }
            || (entry.value.style == .quoted && !bytes[value.range].contains(0x0A))
    }
}
