import JSON

/// The JSON Schemas of the tools of a request, asked for the types of their parameters.
public struct ToolSchemas: Sendable {
    private let schemas: [String: JSON]

    public init(_ tools: [OpenAI.Tool]) {
        schemas = Dictionary(tools.compactMap { tool in tool.name.map { ($0, tool.parameters ?? [:]) } }, uniquingKeysWith: { first, _ in first })
    }

    public var names: some Collection<String> { schemas.keys }

    /// The types that the schema allows for a parameter; empty where it says nothing.
    public func types(of parameter: String, in tool: String) -> Set<String> {
        Self.types(of: schemas[tool]?["properties"]?[parameter] ?? .null, depth: 0)
    }

    private static func types(of schema: JSON, depth: Int) -> Set<String> {
        var types: Set<String> = []
        switch schema["type"] {
        case .string(let name)?: types.insert(name)
        case .array(let names)?: types.formUnion(names.compactMap(\.stringValue))
        default: break
        }
        guard depth < 8 else { return types }
        for key in ["anyOf", "oneOf"] {
            for branch in schema[key]?.arrayValue ?? [] { types.formUnion(self.types(of: branch, depth: depth + 1)) }
        }
        if types.isEmpty {
            for value in schema["enum"]?.arrayValue ?? schema["const"].map({ [$0] }) ?? [] { types.insert(typeName(of: value)) }
        }
        return types
    }

    private static func typeName(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The JSON value that bare `text` stands for by `types`; nil where it is no value of them but a string.
    static func value(of text: String, types: Set<String>) -> JSON? {
        let trimmed = text.utf8.drop { $0 == 0x20 || $0 == 0x0A }
        let word = String(Substring(trimmed)).lowercased()
        if types.contains("boolean"), word == "true" || word == "false" { return .bool(word == "true") }
        if types.contains("null"), word == "null" || word == "none" { return .null }
        guard let value = try? JSON(parsing: text) else { return nil }
        switch value {
        case .integer: return types.contains("integer") || types.contains("number") ? value : nil
        case .number(let number):
            if types.contains("number") { return value }
            // 2.0 is an integer of JSON Schema (2020-12, section 6.1.1 of the validation vocabulary).
            return types.contains("integer") ? Int(exactly: number.double).map(JSON.integer) : nil
        case .array: return types.contains("array") ? value : nil
        case .object: return types.contains("object") ? value : nil
        default: return nil
        }
    }
}
