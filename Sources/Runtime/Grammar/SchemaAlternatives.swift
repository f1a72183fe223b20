import JSON

/// Resolves references, and multiplies `allOf`, `anyOf` and `oneOf` out: a schema as alternatives that have none of them.
struct SchemaAlternatives {
    let root: JSON
    /// Keywords that the grammar leaves out.
    private(set) var dropped: Set<String> = []

    /// Schemas and members that were looked at: a few schemas that name each other twice are more than any machine can multiply out.
    private var work = 0

    private static let most = 256
    private static let mostWork = 500_000
    private static let deepest = 64
    private static let combining: Set<String> = ["$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf"]

    init(root: JSON) { self.root = root }

    mutating func drop(_ keyword: String) { dropped.insert(keyword) }

    mutating func alternatives(of schema: JSON, at place: String) throws(GrammarError) -> [FlatSchema] {
        try alternatives(of: schema, at: place, followed: [], depth: 0)
    }

    private mutating func alternatives(of schema: JSON, at place: String, followed: Set<String>, depth: Int) throws(GrammarError) -> [FlatSchema] {
        guard depth < Self.deepest else { throw GrammarError("schemas in schemas are more than \(Self.deepest) deep", at: place) }
        let members: JSONObject
        switch schema {
        case .bool(false): return []
        case .bool(true): members = [:]
        case .object(let object): members = object
        default: throw GrammarError("must be a schema, not \(schema.typeName)", at: place)
        }
        try count(1 + members.count + (members["properties"]?.objectValue?.count ?? 0), place)
        var own = members
        for keyword in Self.combining { own[keyword] = nil }
        var result = [try FlatSchema(own, place: place, dropped: &dropped)]
        if let value = members["$ref"] ?? members["$dynamicRef"] ?? members["$recursiveRef"] {
            guard let reference = value.stringValue else { throw GrammarError("must be a text", at: place + "/$ref") }
            // A value that is of a schema if it is of that schema: nothing is added.
            if followed.contains(reference) { return [] }
            guard let target = target(of: reference) else {
                throw GrammarError("`\(reference.prefix(120))` names no schema in this document", at: place + "/$ref")
            }
            let inner = try alternatives(of: target, at: reference, followed: followed.union([reference]), depth: depth + 1)
            result = try product(result, inner, place)
        }
        for (index, part) in try list("allOf", members, place).enumerated() {
            let inner = try alternatives(of: part, at: "\(place)/allOf/\(index)", followed: followed, depth: depth + 1)
            result = try product(result, inner, place)
        }
        for keyword in ["anyOf", "oneOf"] where members[keyword] != nil {
            var branches: [FlatSchema] = []
            for (index, part) in try list(keyword, members, place).enumerated() {
                branches += try alternatives(of: part, at: "\(place)/\(keyword)/\(index)", followed: followed, depth: depth + 1)
                guard branches.count <= Self.most else { throw GrammarError("there are more than \(Self.most) alternatives", at: place) }
            }
            if keyword == "oneOf", !Self.areApart(branches) { dropped.insert("oneOf") }
            result = try product(result, branches, place)
        }
        return result
    }

    private func list(_ keyword: String, _ members: JSONObject, _ place: String) throws(GrammarError) -> [JSON] {
        guard let value = members[keyword] else { return [] }
        guard let list = value.arrayValue, !list.isEmpty else { throw GrammarError("must be a list of schemas", at: "\(place)/\(keyword)") }
        return list
    }

    private mutating func count(_ steps: Int, _ place: String) throws(GrammarError) {
        work += steps
        guard work <= Self.mostWork else { throw GrammarError("the schemas that it combines are too many", at: place) }
    }

    private mutating func product(_ left: [FlatSchema], _ right: [FlatSchema], _ place: String) throws(GrammarError) -> [FlatSchema] {
        guard left.count * right.count <= Self.most else { throw GrammarError("there are more than \(Self.most) alternatives", at: place) }
        let (members, others) = (left.reduce(1) { $0 + $1.properties.count }, right.reduce(1) { $0 + $1.properties.count })
        try count(members * right.count + others * left.count, place)
        return left.flatMap { one in right.compactMap(one.and) }
    }

    /// What a reference within the document names: `#`, `#/$defs/Name` (RFC 6901), `#anchor`.
    private func target(of reference: String) -> JSON? {
        if let id = root["$id"]?.stringValue, !id.isEmpty, reference == id { return root }
        guard reference.hasPrefix("#") else { return nil }
        let fragment = PercentEncoding.decoded(reference.dropFirst()) ?? String(reference.dropFirst())
        guard fragment.isEmpty || fragment.hasPrefix("/") else {
            let definitions = [root["$defs"], root["definitions"]].compactMap { $0?.objectValue }.flatMap { $0.map(\.value) }
            return definitions.first { $0["$anchor"] == .string(fragment) }
        }
        guard !fragment.isEmpty else { return root }
        return fragment.dropFirst().split(separator: "/", omittingEmptySubsequences: false).reduce(root as JSON?) { schema, key in
            let name = key.replacing("~1", with: "/").replacing("~0", with: "~")
            if case .array? = schema { return Int(name).flatMap { schema?[$0] } }
            return schema?[String(name)]
        }
    }

    /// Whether no value is certainly of two of the alternatives: of different types, or of objects that a constant member tells apart.
    private static func areApart(_ alternatives: [FlatSchema]) -> Bool {
        for (index, one) in alternatives.enumerated() {
            for other in alternatives[(index + 1)...] where !areApart(one, other) { return false }
        }
        return true
    }

    private static func areApart(_ one: FlatSchema, _ other: FlatSchema) -> Bool {
        if let left = one.types, let right = other.types {
            let numbers: Set<String> = ["integer", "number"]
            if left.isDisjoint(with: right), left.isDisjoint(with: numbers) || right.isDisjoint(with: numbers) { return true }
        }
        if let left = one.choices, let right = other.choices { return !left.contains(where: right.contains) }
        return one.properties.contains { property in
            guard one.required.contains(property.name), other.required.contains(property.name),
                let value = property.schema["const"], let second = other.properties.first(where: { $0.name == property.name })?.schema["const"]
            else { return false }
            return value != second
        }
    }
}
