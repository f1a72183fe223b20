import JSON

/// One of the many YAML texts of a value: styles, quotes, comments, indentation, anchors and line ends by chance.
struct YAMLTwin {
    var random: SplitMix
    private var anchors: [String: String] = [:]
    private var aliases = 0
    private let step: Int
    private let lineEnd: String

    init(random: SplitMix) {
        var random = random
        step = random.pick([2, 3, 4])
        lineEnd = random.pick(["\n", "\r\n"])
        self.random = random
    }

    mutating func document(_ value: JSON) -> String {
        let start = random.pick(["", "# a remark\n", "---\n", "\u{FEFF}", "%YAML 1.2\n---\n"])
        guard case .object(let object) = value, !object.isEmpty else { return start + flow(value) + "\n" }
        let end = random.pick(["", "...\n", "# the end\n"])
        return (start + block(object, indent: 0).joined(separator: "\n") + "\n" + end).replacing("\n", with: lineEnd)
    }

    // MARK: block style

    private mutating func block(_ object: JSONObject, indent: Int) -> [String] {
        var lines: [String] = []
        let margin = String(repeating: " ", count: indent)
        for member in object.members {
            if random.once(in: 8) { lines.append(random.pick(["", "\(margin)# a remark: [", "#"])) }
            lines += entry("\(margin)\(key(member.key)):", member.value, indent: indent)
        }
        return lines
    }

    private mutating func block(_ elements: [JSON], indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        return elements.flatMap { element -> [String] in
            if case .object(let object) = element, !object.isEmpty, random.once(in: 2) {
                // The first key stands beside the dash.
                var lines = block(object, indent: indent + 2)
                guard let first = lines.firstIndex(where: { !$0.isEmpty && !$0.drop { $0 == " " }.hasPrefix("#") }) else { return lines }
                lines[first] = "\(margin)- " + lines[first].dropFirst(indent + 2)
                return lines
            }
            return entry("\(margin)-", element, indent: indent)
        }
    }

    /// What follows `head`, on its line or on lines of its own.
    private mutating func entry(_ head: String, _ value: JSON, indent: Int) -> [String] {
        if let alias = alias(of: value) { return ["\(head) \(alias)\(remark())"] }
        let anchor = anchor(for: value).map { " \($0)" } ?? ""
        switch value {
        case .object(let object) where !object.isEmpty && !random.once(in: 3):
            return ["\(head)\(anchor)\(remark())"] + block(object, indent: indent + step)
        case .array(let elements) where !elements.isEmpty && !random.once(in: 3):
            return ["\(head)\(anchor)\(remark())"] + block(elements, indent: indent + step)
        case .string(let text) where isBlockText(text) && random.once(in: 6):
            return ["\(head)\(anchor) \(random.pick(["|-", ">-"]))", String(repeating: " ", count: indent + step) + text]
        case .null where anchor.isEmpty && random.once(in: 2): return [head + remark()]
        default: return ["\(head)\(anchor) \(flow(value))\(remark())"]
        }
    }

    private mutating func remark() -> String { random.once(in: 8) ? "  # a remark" : "" }

    private func isBlockText(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last, first != " ", first != "#", last != " " else { return false }
        return text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
    }

    // MARK: anchors

    private mutating func anchor(for value: JSON) -> String? {
        guard value != nil, anchors.count < 40, anchors[value.text] == nil, random.once(in: 6) else { return nil }
        let name = "a\(anchors.count)"
        // It may be used only after its value has ended: one that is still open would contain itself.
        anchors[value.text] = name
        return "&\(name)"
    }

    private mutating func alias(of value: JSON) -> String? {
        guard aliases < 90, let name = anchors[value.text], random.once(in: 2) else { return nil }
        aliases += 1
        return "*\(name)"
    }

    // MARK: flow style and scalars

    private mutating func flow(_ value: JSON) -> String {
        switch value {
        case .null: return random.pick(["null", "~", "Null"])
        case .bool(let value): return value ? random.pick(["true", "True", "TRUE"]) : random.pick(["false", "False", "FALSE"])
        case .integer(let number) where number > 0 && random.once(in: 6): return "0x" + String(number, radix: 16)
        case .integer, .number: return value.text
        case .string(let text): return scalar(text)
        case .array(let elements):
            let inner = elements.map { element in alias(of: element).map { "\($0) " } ?? flow(element) }
            return "[" + inner.joined(separator: random.pick([", ", ","])) + random.pick(["]", " ]"])
        case .object(let object):
            let inner = object.members.map { member in "\(key(member.key)): \(alias(of: member.value).map { "\($0) " } ?? flow(member.value))" }
            return random.pick(["{", "{ "]) + inner.joined(separator: ", ") + random.pick(["}", " }"])
        }
    }

    private mutating func key(_ text: String) -> String { Self.isPlain(text) && !random.once(in: 6) ? text : JSON.string(text).text }

    private mutating func scalar(_ text: String) -> String {
        if Self.isPlain(text), !random.once(in: 3) { return text }
        if !text.contains("'"), isBlockText(text), random.once(in: 2) { return "'\(text)'" }
        return JSON.string(text).text
    }

    /// Whether the text can stand without quotes anywhere, and is a text to YAML 1.1 as well.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first | 0x20) || first == UInt8(ascii: "/") else { return false }
        let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "/._-".utf8.contains($0) }
            && !words.contains(text.lowercased())
    }
}
