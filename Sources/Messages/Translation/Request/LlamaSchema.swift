import JSON

/// Schemas as llama.cpp's grammars take them.
///
/// There the schema of a tool is both: what the model reads and what its grammar is made of, and one keyword that the grammar cannot
/// be made of fails the whole request. What has to go is told to the model in the description instead. Sources: llama.cpp's
/// json-schema-to-grammar and llama-grammar; facts on the API, section 2, pain 6.
enum LlamaSchema {
    /// Repetitions of a rule that a grammar may have, and some room for the rules that are repeated together.
    static let maximumRepetitions = 1000
    private static let types: Set<String> = ["boolean", "number", "integer", "string", "object", "array", "null"]
    private static let structural = [
        "type", "$ref", "oneOf", "anyOf", "allOf", "const", "enum", "properties", "additionalProperties", "items", "prefixItems", "pattern", "format",
    ]

    /// - Parameter tellsDropped: the schema is read by the model too.
    static func rewritten(_ schema: JSONObject, tellsDropped: Bool) -> JSONObject {
        Rewriting(root: .object(schema), tellsDropped: tellsDropped).schema(schema)
    }

    private struct Rewriting {
        let root: JSON
        let tellsDropped: Bool

        func schema(_ original: JSONObject) -> JSONObject {
            var kept = JSONObject()
            var dropped = JSONObject()
            for member in merged(original).members {
                if Self.compiles(member.key, member.value, root: root) {
                    kept[member.key] = nested(member.key, member.value)
                } else {
                    dropped[member.key] = member.value
                }
            }
            if !structural.contains(where: { kept[$0] != nil }) {
                kept["type"] = ["string", "number", "boolean", "object", "array", "null"]
            }
            if tellsDropped, !dropped.isEmpty {
                let description = original["description"]?.stringValue.map { $0 + "\n" } ?? ""
                kept["description"] = .string(description + "Constraints: " + JSON.object(dropped).text)
            }
            return kept
        }

        /// `allOf` with one schema is that schema; the grammar would make an object of anything else.
        private func merged(_ schema: JSONObject) -> JSONObject {
            guard let only = schema["allOf"]?.arrayValue, only.count == 1, let inner = only[0].objectValue, inner["$ref"] == nil else {
                return schema
            }
            var merged = schema
            merged["allOf"] = nil
            for member in inner.members where merged[member.key] == nil { merged[member.key] = member.value }
            return merged
        }

        private func nested(_ key: String, _ value: JSON) -> JSON {
            switch (key, value) {
            case ("properties", .object(let members)), ("$defs", .object(let members)), ("definitions", .object(let members)):
                .object(JSONObject(members.members.map { .init(key: $0.key, value: either($0.value)) }))
            case ("items", .array(let elements)), ("prefixItems", .array(let elements)), ("anyOf", .array(let elements)),
                ("oneOf", .array(let elements)), ("allOf", .array(let elements)):
                .array(elements.map(either))
            case ("items", _): either(value)
            case ("additionalProperties", .object(let schema)): .object(self.schema(schema))
            // Conditions and the like make no grammar, and so cannot spoil one.
            default: value
            }
        }

        /// A schema may be true or false; the grammar knows objects only.
        private func either(_ value: JSON) -> JSON { .object(schema(value.objectValue ?? [:])) }

        private static func compiles(_ key: String, _ value: JSON, root: JSON) -> Bool {
            switch key {
            case "type":
                value.stringValue.map(types.contains) ?? value.arrayValue.map { list in
                    !list.isEmpty && list.allSatisfy { $0.stringValue.map(types.contains) == true }
                } ?? false
            case "pattern": value.stringValue.map(LlamaPattern.compiles) ?? false
            case "format": value.stringValue != nil
            case "minLength", "maxLength", "minItems", "maxItems": value.intValue.map { (0..<maximumRepetitions).contains($0) } ?? false
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum": value.doubleValue.map { abs($0) < 0x1p62 } ?? false
            case "enum": value.arrayValue?.isEmpty == false
            case "anyOf", "oneOf": value.arrayValue?.isEmpty == false
            case "allOf": value.arrayValue.map(makesObject) ?? false
            case "properties", "$defs", "definitions": value.objectValue != nil
            case "additionalProperties": value.objectValue != nil || value.boolValue != nil
            case "items": value.objectValue != nil || value.boolValue != nil || value.arrayValue != nil
            case "prefixItems": value.arrayValue != nil
            case "$ref": value.stringValue.map { resolves($0, in: root) } ?? false
            default: true
            }
        }

        /// The grammar of `allOf` is that of its members' properties or of the values that all of them list.
        private static func makesObject(_ schemas: [JSON]) -> Bool {
            schemas.contains { schema in ["properties", "$ref", "anyOf", "enum"].contains { schema[$0] != nil } }
        }

        private static func resolves(_ reference: String, in root: JSON) -> Bool {
            guard reference.hasPrefix("#/") else { return false }
            var target: JSON? = root
            for step in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
                target = target?[String(step)] ?? Int(step).flatMap { target?[$0] }
            }
            return target?.objectValue != nil
        }
    }
}
