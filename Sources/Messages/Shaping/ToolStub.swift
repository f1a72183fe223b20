import JSON

/// A tool's definition with what a model needs to call it: its name, one sentence, and the types of its parameters.
enum ToolStub {
    /// A longer sentence says more than one.
    private static let longest = 160

    static func stub(_ tool: JSON) -> JSON {
        guard var object = tool.objectValue else { return tool }
        if let description = object["description"]?.stringValue { object["description"] = .string(Sentences.first(of: description, upTo: longest)) }
        if let schema = object["input_schema"] { object["input_schema"] = bare(schema) }
        object["input_examples"] = nil
        return .object(object)
    }

    /// Said of a value in words, or bounds that the client checks itself.
    private static let annotations: Set<String> = [
        "$schema", "$comment", "$id", "title", "description", "examples", "default", "deprecated", "format", "pattern", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties",
        "maxProperties",
    ]
    /// Members whose own members are names, not keywords.
    private static let named: Set<String> = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]

    private static func bare(_ schema: JSON) -> JSON {
        switch schema {
        case .array(let elements): return .array(elements.map(bare))
        case .object(let object):
            return .object(
                JSONObject(
                    object.members.compactMap { member in
                        if annotations.contains(member.key) { return nil }
                        if named.contains(member.key), let inner = member.value.objectValue {
                            let values = inner.members.map { JSONObject.Member(key: $0.key, value: bare($0.value)) }
                            return .init(key: member.key, value: .object(JSONObject(values)))
                        }
                        // Values, not schemas.
                        if ["enum", "const", "required"].contains(member.key) { return member }
                        return .init(key: member.key, value: bare(member.value))
                    }))
        default: return schema
        }
    }
}
