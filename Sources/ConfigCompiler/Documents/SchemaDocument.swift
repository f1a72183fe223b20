import JSON

/// The JSON Schema (draft-07) of the file language, for editors. Made from the table of keys, as the checker is: a test holds that the
/// two agree on a generated corpus, but for what a schema cannot say.
public enum SchemaDocument {
    public static func draft07() -> JSON {
        var schema: JSONObject = [
            "$schema": "http://json-schema.org/draft-07/schema#", "title": "anyclaude configuration",
            "description": "How Claude Code reaches its models: backends, the proxy, routes. `anyclaude explain KEY` tells more of each key.",
        ]
        for member in object(FileKeys.scope).members where schema[member.key] == nil { schema[member.key] = member.value }
        // A file without anything in it is no configuration.
        schema["type"] = "object"
        schema["examples"] = [
            ["backend": "claude"],
            [
                "backend": "vllm-mlx",
                "backends": ["vllm-mlx": ["engine": "native", "model": "./models/qwen", "port": 8081, "cache": ["cache_slots": 10]]],
            ],
        ]
        schema["definitions"] = [
            "backend": .object(object(BackendKeys.scope)), "secret": SchemaTypes.reference, "cluster": SchemaTypes.cluster,
        ]
        return .object(schema)
    }

    /// A mapping of the scope's keys.
    static func object(_ scope: Scope) -> JSONObject {
        var properties = JSONObject()
        for spec in scope.keys {
            let own = property(spec)
            properties[spec.name] = .object(own)
            for alias in spec.aliases {
                var copy = own
                copy["description"] = .string("The same as `\(spec.name)`. \(spec.doc)")
                copy["doNotSuggest"] = true
                properties[alias] = .object(copy)
            }
        }
        let required = scope.keys.filter(\.isRequired).map { JSON.string($0.name) }
        var result: JSONObject = [
            "title": .string(scope.name),
            // A key without a value is an empty section, where nothing is missing in it.
            "type": required.isEmpty ? ["object", "null"] : "object",
            "properties": .object(properties),
            // A key that begins with two slashes is a comment.
            "patternProperties": ["^//": true],
            "additionalProperties": false,
        ]
        if !required.isEmpty { result["required"] = .array(required) }
        let pairs = scope.keys.flatMap { SchemaTypes.exclusive([$0.name] + $0.aliases) }
        if !pairs.isEmpty { result["allOf"] = .array(pairs) }
        return result
    }

    private static func property(_ spec: KeySpec) -> JSONObject {
        var result = spec.isSecret && spec.isRequired ? SchemaTypes.requiredSecret : SchemaTypes.type(spec.type)
        var text = spec.doc
        if let newer = spec.deprecatedBy {
            text += " Deprecated: write `\(newer)`."
            result["deprecated"] = true
            result["deprecationMessage"] = .string("write `\(newer)`")
        }
        if let note = spec.defaultNote { text += " Otherwise: \(note)." }
        result["description"] = .string(text)
        if let value = spec.defaultValue { result["default"] = value.json }
        if let unused = spec.unused {
            result["deprecationMessage"] = .string(spec.doc)
            result["doNotSuggest"] = true
            result["x-unused"] = .string(unused.reason)
        }
        result["x-since"] = .string(spec.since)
        return result
    }
}
