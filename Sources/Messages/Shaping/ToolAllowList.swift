/// Names of tools, in which `*` stands for any text; letters count the same in either case.
public struct ToolAllowList: Sendable, Equatable {
    public var names: [String]
    private let patterns: [[Substring.UTF8View.SubSequence]]

    public init(_ names: [String]) {
        self.names = names
        patterns = names.map { $0.lowercased()[...].utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false) }
    }

    public static func == (left: ToolAllowList, right: ToolAllowList) -> Bool { left.names == right.names }

    public func allows(_ name: String) -> Bool {
        let text = Array(name.lowercased().utf8)
        return patterns.contains { Self.matches($0, text[...]) }
    }

    /// The first part begins the text, the last one ends it, and those between follow each other: the first place of each is as good as any.
    private static func matches(_ parts: [Substring.UTF8View.SubSequence], _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = parts.first, let last = parts.last else { return false }
        guard parts.count > 1 else { return text.elementsEqual(first) }
        guard text.starts(with: first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.indices.first(where: { rest[$0...].starts(with: part) }) else { return false }
            rest = rest[place...].dropFirst(part.count)
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}
