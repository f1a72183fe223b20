import JSON

extension SchemaCompiler {
    /// A member that an object may have.
    struct Property {
        var name: String
        var schema: JSON
        var isRequired: Bool
        var place: String
    }

    /// All that may come next are followed at once.
    private static let mostProperties = 1000

    /// The members that a schema declares, in its order, and then those that it only demands; nil where it demands one that it forbids.
    static func properties(of schema: FlatSchema, at place: String) -> [Property]? {
        var result: [Property] = []
        let required = Set(schema.required)
        for (name, value) in schema.properties {
            if value == false {
                if required.contains(name) { return nil }
                continue
            }
            result.append(Property(name: name, schema: value, isRequired: required.contains(name), place: "\(place)/properties/\(escaped(name))"))
        }
        var declared = Set(schema.properties.map(\.name))
        for name in schema.required where declared.insert(name).inserted {
            let other = schema.additional ?? true
            if other == false { return nil }
            result.append(Property(name: name, schema: other, isRequired: true, place: place + "/additionalProperties"))
        }
        return result
    }

    private static func escaped(_ name: String) -> String { name.replacing("~", with: "~0").replacing("/", with: "~1") }

    /// An object. Where a schema declares members and says nothing of others, others are not offered: whoever reads the answer knows
    /// those that are declared.
    mutating func object(_ schema: FlatSchema, _ document: Int, _ place: String, _ next: Grammar.NodeID) throws(GrammarError) -> Grammar.NodeID? {
        guard let properties = Self.properties(of: schema, at: place) else { return nil }
        guard properties.count <= Self.mostProperties else {
            throw GrammarError("an object has more than \(Self.mostProperties) properties", at: place + "/properties")
        }
        let close = builder.literal("}", next)
        var others = schema.additional
        if others == nil, properties.isEmpty, !schema.declaresProperties { others = true }
        if others == false || schema.hasPatterns { others = nil }
        // After a comma: the members from one on. And after a member: a comma, or the end.
        var afterComma = builder.add(.dead)
        var afterMember = close
        if let others {
            let more = builder.add(.dead)
            let value = builder.call(rule(others, document, at: place + "/additionalProperties"), more)
            afterComma = try otherKey(schema, document, properties.map(\.name), builder.literal(":", builder.optional(Self.space, value)))
            builder.set(more, .split([close, builder.literal(",", builder.optional(Self.space, afterComma))]))
            afterMember = more
        }
        var canEnd = true
        for property in properties.reversed() {
            let value = builder.call(rule(property.schema, document, at: property.place), afterMember)
            let colon = builder.literal(":", builder.optional(Self.space, value))
            let member = builder.literal(key(property.name), colon)
            afterComma = property.isRequired ? member : builder.any([member, afterComma])
            canEnd = canEnd && !property.isRequired
            let comma = builder.literal(",", builder.optional(Self.space, afterComma))
            afterMember = canEnd ? builder.any([close, comma]) : comma
            if builder.isTooLarge { throw GrammarError("the schema is too large", at: property.place) }
        }
        return builder.literal("{", canEnd ? builder.any([close, afterComma]) : afterComma)
    }

    private func key(_ name: String) -> String {
        let text = JSON.string(name).text
        return avoidsTags ? text.replacing("</", with: "<\\/") : text
    }

    /// The key of a member that is not declared.
    private mutating func otherKey(
        _ schema: FlatSchema, _ document: Int, _ names: [String], _ next: Grammar.NodeID
    ) throws(GrammarError) -> Grammar.NodeID {
        if let rule = schema.names {
            let alternatives = try alternatives(of: rule, document, at: "/propertyNames")
            if alternatives.allSatisfy({ $0.choices != nil }) {
                let choices = alternatives.flatMap { $0.choices ?? [] }.compactMap(\.stringValue).filter { !names.contains($0) }
                return builder.oneOf(choices.map { Array(key($0).utf8) }, next)
            }
            if !alternatives.contains(where: { $0.leastLength <= 1 && $0.mostLength == nil && $0.choices == nil }) { drop("propertyNames", document) }
        }
        return builder.key(exceptOf: names.map { Array($0.utf8) }, avoidsTags: avoidsTags, next)
    }
}
