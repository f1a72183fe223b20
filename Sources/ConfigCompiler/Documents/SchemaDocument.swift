import JSON

/// The JSON Schema (draft-07) of the file language, for editors.
public enum SchemaDocument {
    public static func draft07() -> JSON { ["$schema": "http://json-schema.org/draft-07/schema#"] }
}
