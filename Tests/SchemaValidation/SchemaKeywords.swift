import JSON

/// What a schema itself is made of.
public enum SchemaKeywords {
    /// Keywords that `SchemaCheck` acts upon.
    public static let checked: Set<String> = [
        "$ref", "type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "minLength", "maxLength", "pattern", "minimum",
        "maximum", "exclusiveMinimum", "exclusiveMaximum", "items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains",
        "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "dependencies", "minProperties", "maxProperties",
    ]
    /// Keywords that say something to people and editors, and refuse nothing.
    public static let remarks: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "default", "examples", "definitions", "format", "readOnly", "writeOnly",
        // Of the editors' language servers.
        "enumDescriptions", "markdownDescription", "deprecationMessage", "doNotSuggest", "defaultSnippets", "errorMessage", "patternErrorMessage",
        // Of a later draft; editors know it.
        "deprecated",
    ]

    /// All schemas within a schema, itself first, each with the JSON Pointer of its place.
    public static func all(in schema: JSON, _ path: String = "") -> [(path: String, schema: JSON)] {
        var result = [(path: path, schema: schema)]
        for keyword in ["definitions", "properties", "patternProperties", "dependencies"] {
            for member in schema[keyword]?.objectValue?.members ?? [] where member.value.arrayValue == nil {
                result += all(in: member.value, "\(path)/\(keyword)/\(escaped(member.key))")
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf", "items"] {
            for (index, element) in (schema[keyword]?.arrayValue ?? []).enumerated() { result += all(in: element, "\(path)/\(keyword)/\(index)") }
        }
        for keyword in ["not", "if", "then", "else", "items", "additionalItems", "contains", "additionalProperties", "propertyNames"] {
            if let inner = schema[keyword], inner.arrayValue == nil { result += all(in: inner, "\(path)/\(keyword)") }
        }
        return result
    }

    private static func escaped(_ name: String) -> String { name.replacing("~", with: "~0").replacing("/", with: "~1") }

    /// Keywords in a schema that nothing here knows, with their places.
    public static func unknown(in schema: JSON) -> [String] {
        all(in: schema).flatMap { place in
            (place.schema.objectValue?.members ?? []).map(\.key)
                .filter { !checked.contains($0) && !remarks.contains($0) && !$0.hasPrefix("x-") }.map { "\(place.path)/\($0)" }
        }
    }
}
