import JSON

/// The JSON Schema (draft-07) of the file language, for editors. Made from the table of keys, as the checker is.
public enum SchemaDocument {
    public static func draft07() -> JSON {
        var schema = object(FileKeys.scope)
        schema["type"] = "object"
        schema["title"] = "anyclaude configuration"
        var result: JSONObject = ["$schema": "http://json-schema.org/draft-07/schema#"]
        for member in schema.members { result[member.key] = member.value }
        return .object(result)
    }

    private static func object(_ scope: Scope) -> JSONObject {
        var properties = JSONObject()
        for spec in scope.keys {
            properties[spec.name] = .object(property(spec))
            for alias in spec.aliases {
                var copy = property(spec)
                copy["description"] = .string("The same as `\(spec.name)`.")
                properties[alias] = .object(copy)
            }
        }
        var result: JSONObject = [
            "type": ["object", "null"],
            "properties": .object(properties),
            // A key that begins with two slashes is a comment.
            "patternProperties": ["^//": true],
            "additionalProperties": false,
        ]
        let required = scope.keys.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { result["required"] = .array(required) }
        return result
    }

    private static func property(_ spec: KeySpec) -> JSONObject {
        var result = type(spec.type)
        result["description"] = .string(spec.doc)
        if spec.unused?.isRefused == true { result["not"] = [:] }
        if let value = spec.defaultValue { result["default"] = value.json }
        if let newer = spec.deprecatedBy { result["description"] = .string("\(spec.doc) Deprecated: write `\(newer)`.") }
        return result
    }

    private static func type(_ type: ValueType) -> JSONObject {
        switch type {
        case .boolean: ["type": "boolean"]
        case .integer(let range): ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .string: ["type": "string", "minLength": 1]
        case .prose: ["type": "string"]
        case .choice(let choices): ["enum": .array(choices.flatMap { [$0.name] + $0.aliases }.map { .string($0) })]
        case .duration: ["type": "string", "pattern": .string(durationPattern)]
        case .milliseconds(let range):
            [
                "anyOf": [
                    ["type": "string", "pattern": .string(durationPattern)],
                    ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)],
                ]
            ]
        case .size: ["type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,6})? ?(B|[kK]B|[MGT]B|[KMGT]iB)$"]
        case .path: ["type": "string", "minLength": 1, "pattern": "^(?!~[^/])"]
        case .url: ["type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^@?#\\s]+$"]
        case .host: ["type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9._:-]+$"]
        case .name: ["type": "string", "pattern": .string(namePattern)]
        case .httpPath: ["type": "string", "pattern": "^/[!-~]*$"]
        case .secret: secret
        case .processors:
            [
                "anyOf": [
                    ["type": "string", "pattern": "^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*$"],
                    ["type": "integer", "minimum": 0, "maximum": .integer(ProcessorList.largest)],
                ]
            ]
        case .names: ["type": "array", "items": ["type": "string", "pattern": .string(namePattern)]]
        case .arguments: ["type": "array", "minItems": 1, "items": ["type": "string"]]
        case .variables:
            [
                "type": "object", "patternProperties": ["^[A-Za-z_][A-Za-z0-9_]*$": ["anyOf": [["type": "string"], reference]], "^//": true],
                "additionalProperties": false,
            ]
        case .section(let scope): object(scope)
        case .list(let scope): ["type": "array", "items": .object(object(scope))]
        case .named(let scope):
            ["type": ["object", "null"], "patternProperties": ["^//": true, namePattern: .object(object(scope))], "additionalProperties": false]
        case .optional(let scope): ["anyOf": [["const": "none"], .object(object(scope))]]
        case .files: ["type": "array", "items": ["type": "string", "minLength": 1, "pattern": "^[^/~]"]]
        case .anything: [:]
        }
    }

    private static let durationPattern = "^([0-9]+(\\.[0-9]{1,6})? ?(ms|s|m|h|d))+$"
    private static let namePattern = "^[a-z0-9][a-z0-9-]{0,31}$"

    private static let reference: JSON = [
        "type": "object",
        "properties": [
            "env": ["type": "string", "pattern": "^[A-Za-z0-9_]+$", "description": "A variable of the environment."],
            "file": ["type": "string", "minLength": 1, "description": "A file that holds nothing else."],
            "credential": ["type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "description": "A systemd credential."],
        ],
        "patternProperties": ["^//": true], "additionalProperties": false,
        "oneOf": [["required": ["env"]], ["required": ["file"]], ["required": ["credential"]]],
    ]

    private static var secret: JSONObject {
        let placeholders = Checker.placeholders.sorted().map { JSON.string($0) }
        return ["anyOf": [reference, ["enum": .array(placeholders)], ["type": "null"]]]
    }
}
