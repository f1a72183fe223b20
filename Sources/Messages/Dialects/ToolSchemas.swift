import JSON

/// The JSON Schemas of the tools of a request, asked for the types of their parameters.
public struct ToolSchemas: Sendable {
    private let schemas: [String: JSON]

    public init(_ tools: [OpenAI.Tool]) {
        schemas = Dictionary(tools.compactMap { tool in tool.name.map { ($0, tool.parameters ?? [:]) } }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether the request offers a tool of this name.
    func has(_ tool: String) -> Bool { schemas[tool] != nil }

    /// The types that the schema allows for a parameter; empty where it says nothing.
    public func types(of parameter: String, in tool: String) -> Set<String> {
        guard let root = schemas[tool], let schema = root["properties"]?[parameter] else { return [] }
        var followed: Set<String> = []
        return Self.types(of: schema, root: root, depth: 0, &followed)
    }

    /// - Parameter followed: the references that were followed; each is followed once, or a few that name each other would cost without end.
    private static func types(of schema: JSON, root: JSON, depth: Int, _ followed: inout Set<String>) -> Set<String> {
        var types: Set<String> = []
        switch schema["type"] {
        case .string(let name)?: types.insert(name)
        case .array(let names)?: types.formUnion(names.compactMap(\.stringValue))
        default: break
        }
        guard depth < 8 else { return types }
        if let reference = schema["$ref"]?.stringValue, followed.insert(reference).inserted, let target = target(of: reference, in: root) {
            types.formUnion(self.types(of: target, root: root, depth: depth + 1, &followed))
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for branch in schema[key]?.arrayValue ?? [] {
                types.formUnion(self.types(of: branch, root: root, depth: depth + 1, &followed))
            }
        }
        if types.isEmpty {
            for value in schema["enum"]?.arrayValue ?? schema["const"].map({ [$0] }) ?? [] { types.insert(typeName(of: value)) }
        }
        if types.isEmpty {
            if schema["properties"] != nil { types.insert("object") } else if schema["items"] != nil { types.insert("array") }
        }
        return types
    }

    /// What a reference within the schema names: `#/$defs/Name` (RFC 6901).
    private static func target(of reference: String, in root: JSON) -> JSON? {
        guard reference.hasPrefix("#") else { return nil }
        return reference.dropFirst().split(separator: "/").reduce(root as JSON?) { schema, key in
            schema?[String(key.replacing("~1", with: "/").replacing("~0", with: "~"))]
        }
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
        let word = String(decoding: MarkerScan.trimmed(Array(text.utf8)[...]), as: UTF8.self).lowercased()
        if types.contains("boolean"), word == "true" || word == "false" { return .bool(word == "true") }
        if types.contains("null"), word == "null" || word == "none" { return .null }
        guard let value = try? JSON(parsing: text) else { return nil }
        let isOfTypes =
            switch value {
            case .integer: types.contains("integer") || types.contains("number")
            case .number: types.contains("number")
            case .array: types.contains("array")
            case .object: types.contains("object")
            case .null, .bool, .string: false
            }
        // `isOfTypes ? value : nil` would be JSON's null for nil.
        if isOfTypes { return value }
        // 2.0 is an integer of JSON Schema (2020-12, section 6.1.1 of the validation vocabulary).
        if types.contains("integer"), case .number(let number) = value { return Int(exactly: number.double).map(JSON.integer) }
        return nil
    }
}
