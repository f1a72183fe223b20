import JSON

/// Other texts of the same meaning: keys in another order at every level, comments, other styles of YAML, anchors, JSON, several files.
public struct Twins: Sendable {
    public var random: SplitMix
    public init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// The keys of all mappings in another order.
    public mutating func shuffled(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): return .array(elements.map { shuffled($0) })
        case .object(let object):
            var members = object.members.map { JSONObject.Member(key: $0.key, value: shuffled($0.value)) }
            members.shuffle(using: &random)
            return .object(JSONObject(members))
        default: return value
        }
    }

    /// Perhaps a key that is a comment, with any value.
    public mutating func commented(_ value: JSON) -> JSON {
        guard case .object(let object) = value else { return value }
        var members = object.members
        if random.once(in: 3) {
            let note = random.pick([.string("a remark"), 1, ["apart": [true]]] as [JSON])
            members.insert(.init(key: "// \(random.next() % 1000)", value: note), at: Int.random(in: 0...members.count, using: &random))
        }
        return .object(JSONObject(members))
    }

    /// As JSON, in one line or in many.
    public mutating func json(_ value: JSON) -> String {
        let value = commented(shuffled(value))
        let text = random.once(in: 2) ? value.text : value.prettyText
        return random.once(in: 2) ? text.replacing("\n", with: "\r\n") + "\r\n" : text
    }

    /// As YAML.
    public mutating func yaml(_ value: JSON) -> String {
        var writer = YAMLTwin(random: SplitMix(seed: random.next()))
        return writer.document(commented(shuffled(value)))
    }

    /// The same over several files: the first one includes the others, and overrides what they say otherwise.
    ///
    /// - Returns: names and texts; the first is the root.
    public mutating func split(_ value: JSON) -> [(name: String, text: String)] {
        guard case .object(let object) = value else { return [] }
        var parts = [JSONObject](repeating: JSONObject(), count: 3)
        for member in object.members { parts[Int.random(in: 0..<3, using: &random)][member.key] = member.value }
        // A later file goes before an earlier one, and the including file before both.
        if let first = parts[0].members.first { parts[1][first.key] = Self.other(first.value) }
        if let second = parts[2].members.first, parts[0][second.key] == nil { parts[1][second.key] = Self.other(second.value) }
        parts[0]["include"] = ["parts/one.yaml", "parts/two.json"]
        return [
            ("root.yaml", yaml(.object(parts[0]))), ("parts/one.yaml", yaml(.object(parts[1]))), ("parts/two.json", json(.object(parts[2]))),
        ]
    }

    /// A value that another one replaces as a whole. What merges key by key would add to the meaning: it has nothing to add.
    private static func other(_ value: JSON) -> JSON {
        switch value {
        case .string: "replaced"
        case .integer: 1
        case .array: []
        default: nil
        }
    }
}
