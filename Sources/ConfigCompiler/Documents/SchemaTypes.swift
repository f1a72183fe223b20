import JSON

/// The forms of values as schemas. What the checker refuses and a pattern can say, is said; patterns are of the part of ECMA-262 that
/// every reader knows.
enum SchemaTypes {
    static func type(_ type: ValueType) -> JSONObject {
        switch type {
        case .boolean: ["type": "boolean"]
        case .integer(let range): integer(range)
        case .decimal(let range): ["type": "number", "minimum": Decimals.json(range.lowerBound), "maximum": Decimals.json(range.upperBound)]
        case .string: text("^[^\\u0000]+$")
        case .prose: text(nil)
        case .choice(let choices): choice(choices)
        case .duration: ["type": "string", "pattern": .string(durationPattern), "examples": ["300s", "1h30m", "250ms"]]
        case .milliseconds(let range):
            ["anyOf": [["type": "string", "pattern": .string(durationPattern)], .object(integer(range))], "examples": ["120s", "5m"]]
        case .size: ["type": "string", "pattern": .string(sizePattern), "examples": ["512MiB", "40GiB"]]
        case .path: text(pathPattern, ["./models/qwen", "~/models/qwen", "/srv/models/qwen"])
        case .url: text(urlPattern, ["http://localhost:8081/v1", "https://openrouter.ai/api/v1"])
        case .host: ["type": "string", "pattern": .string(hostPattern), "examples": ["127.0.0.1", "::1"]]
        case .name: ["type": "string", "pattern": .string(namePattern)]
        case .httpPath: text("^/[!-~]*$", ["/health"])
        case .secret: secret
        case .processors:
            [
                "anyOf": [["type": "string", "pattern": .string(processorsPattern)], .object(integer(0...ProcessorList.largest))],
                "examples": ["0-3", "0,2"],
            ]
        case .names:
            ["type": "array", "maxItems": .integer(Checker.maximumElements), "items": ["type": "string", "pattern": .string(namePattern)]]
        case .texts:
            ["type": "array", "maxItems": .integer(Checker.maximumElements), "items": .object(text("^[^\\u0000]+$"))]
        case .arguments: arguments
        case .variables: variables
        case .section(let scope): SchemaDocument.object(scope)
        case .list(let scope): ["type": "array", "items": .object(SchemaDocument.object(scope)), "maxItems": .integer(Checker.maximumElements)]
        case .named: backends
        case .optional(let scope): probe(scope)
        case .files:
            [
                "type": "array", "maxItems": .integer(Inclusion.maximumFiles), "examples": [["models.yaml", "local/keys.yaml"]],
                "items": ["type": "string", "maxLength": 1024, "pattern": "^(?![/~])(?!.*/$)[^\\u0000]+$"],
            ]
        case .members: ["type": "object"]
        case .anything: [:]
        }
    }

    /// At most one of the names may be given.
    static func exclusive(_ names: [String]) -> [JSON] {
        names.indices.flatMap { first in
            names[(first + 1)...].map { second -> JSON in ["not": ["type": "object", "required": [.string(names[first]), .string(second)]]] }
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSONObject {
        ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    }

    /// A text of the pattern. `${` in it would look as if it were replaced.
    private static func text(_ pattern: String?, _ examples: [JSON] = []) -> JSONObject {
        var result: JSONObject = ["type": "string"]
        if let pattern { result["pattern"] = .string(pattern) }
        result["not"] = ["pattern": "\\$\\{"]
        if !examples.isEmpty { result["examples"] = .array(examples) }
        return result
    }

    private static func choice(_ choices: [Choice]) -> JSONObject {
        let words = choices.flatMap { choice in
            [(choice.name, choice.doc)] + choice.aliases.map { ($0, "the same as `\(choice.name)`") }
        }
        return ["enum": .array(words.map { .string($0.0) }), "enumDescriptions": .array(words.map { .string($0.1) })]
    }

    // MARK: patterns

    private static let number = "[0-9]{1,18}(\\.[0-9]{1,6})? ?"
    /// The largest unit first, each at most once.
    private static let durationPattern = "^(?=.)" + ["d", "h", "m", "s", "ms"].map { "(\(number)\($0))?" }.joined() + "$"
    private static let sizePattern = "^\(number)(B|[kK]B|[MGT]B|[KMGT]iB)$"
    private static let pathPattern = "^(?!~[^/])[^\\u0000]+$"
    /// Up to 8191, with or without zeros in front.
    private static let processor = "([0-9]{1,3}|[0-7][0-9]{3}|80[0-9]{2}|81[0-8][0-9]|819[01])"
    private static let processorsPattern = "^\(processor)(-\(processor))?(,\(processor)(-\(processor))?)*$"
    static let namePattern = "^[a-z0-9][a-z0-9-]{0,31}$"
    private static let labels = "[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*"
    private static let colons = "(?=[0-9A-Fa-f.:]{2})[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*"
    private static let hostPattern = "^(?!.{254})(\(labels)|\(colons))$"
    private static let portPattern = "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
    private static let urlPattern =
        "^[Hh][Tt][Tt][Pp][Ss]?://(?!\\[?[^/\\]:]{254})(?!\\[[^/\\]]{254})(\(labels)|\\[(\(labels)|\(colons))\\])(:\(portPattern))?"
        + "(/[^?#\\u0000-\\u0020\\u007f]*)?$"

    // MARK: forms with parts

    private static let arguments: JSONObject = [
        "type": "array", "minItems": 1, "items": [.object(text("^[^\\u0000]+$"))], "additionalItems": .object(text("^[^\\u0000]*$")),
        "examples": [["./serve", "--port", "8083"]],
    ]

    private static let variables: JSONObject = [
        "type": "object",
        "patternProperties": [
            "^[A-Za-z_][A-Za-z0-9_]*$": ["anyOf": [.object(text("^[^\\u0000]*$")), ["$ref": "#/definitions/secret"]]], "^//": true,
        ],
        "additionalProperties": false, "examples": [["HF_HUB_OFFLINE": "1", "HF_TOKEN": ["env": "HF_TOKEN"]]],
    ]

    static let reference: JSON = [
        "title": "a secret reference",
        "type": "object",
        "properties": [
            "env": ["type": "string", "pattern": "^[A-Za-z0-9_]{1,255}$", "description": "A variable of the environment."],
            "file": .object(text(pathPattern).with("description", "A file that holds nothing else.")),
            "credential": [
                "type": "string", "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,255}$", "description": "A systemd credential.",
            ],
        ],
        "patternProperties": ["^//": true], "additionalProperties": false,
        "oneOf": [["required": ["env"]], ["required": ["file"]], ["required": ["credential"]]],
    ]

    private static var secret: JSONObject {
        let placeholders = Checker.placeholders.sorted().map { JSON.string($0) }
        return [
            "anyOf": [["$ref": "#/definitions/secret"], ["enum": .array(placeholders)], ["type": "null"]],
            "examples": [["env": "OPENROUTER_API_KEY"], ["file": "~/.config/anyclaude/key"], ["credential": "openrouter"]],
        ]
    }

    /// A secret that there must be.
    static let requiredSecret: JSONObject = [
        "allOf": [["$ref": "#/definitions/secret"]], "examples": [["file": "./tls/key.pem"], ["credential": "tls-key"]],
    ]

    private static func probe(_ scope: Scope) -> JSONObject {
        var section = SchemaDocument.object(scope)
        section["allOf"] = .array((section["allOf"]?.arrayValue ?? []) + exclusive([ProbeKeys.http.name, ProbeKeys.tcp.name, ProbeKeys.exec.name]))
        return ["anyOf": [["const": "none"], .object(section)]]
    }

    // MARK: backends

    /// A name that is a kind needs no `kind`; any other one does. Two names are taken.
    private static var backends: JSONObject {
        let kinds = BackendKind.choices.flatMap { choice in
            [(choice.name, choice.doc)] + choice.aliases.map { ($0, "The same kind as `\(choice.name)`: \(choice.doc)") }
        }
        var properties = JSONObject()
        for (name, doc) in kinds { properties[name] = ["description": .string(doc), "allOf": [["$ref": "#/definitions/backend"]]] }
        properties[ClusterNodes.name] = ["description": "Each of its nodes becomes a backend.", "allOf": [["$ref": "#/definitions/cluster"]]]
        let others = (kinds.map(\.0) + [ClusterNodes.name, ProxyService.name]).joined(separator: "|")
        return [
            "title": "backends", "type": ["object", "null"], "maxProperties": .integer(Checker.maximumElements),
            "properties": .object(properties),
            "patternProperties": [
                "^//": true,
                "^(?!(\(others))$)[a-z0-9][a-z0-9-]{0,31}$": [
                    "allOf": [["$ref": "#/definitions/backend"]], "type": "object", "required": [.string(BackendKeys.kind.name)],
                ],
            ],
            "additionalProperties": false,
        ]
    }

    /// Upstream's `mlx-cluster`, as far as it is a list of nodes.
    static var cluster: JSON {
        let backend = SchemaDocument.object(BackendKeys.scope)
        var shared = backend["properties"]?.objectValue ?? JSONObject()
        for name in ClusterNodes.perNode + ClusterNodes.unused { shared[name] = [:] }
        var node = backend["properties"]?.objectValue ?? JSONObject()
        node[BackendKeys.kind.name] = [:]
        node[BackendKeys.baseUrl.name] = nil
        let taken = [ClusterNodes.name, ProxyService.name].joined(separator: "|")
        node["id"] = ["type": "string", "pattern": .string("^(?!(\(taken))$)" + namePattern.dropFirst()), "description": "The name of the backend."]
        node["nodeId"] = node["id"]
        node["url"] = .object(type(.url).with("description", "Where the node answers."))
        shared["discovery"] = [
            "type": "object", "required": ["nodes"],
            "properties": [
                "mode": ["const": "static"],
                "nodes": [
                    "type": "array", "minItems": 1,
                    "items": [
                        "type": "object", "required": ["url"], "anyOf": [["required": ["id"]], ["required": ["nodeId"]]],
                        "properties": .object(node), "patternProperties": ["^//": true], "additionalProperties": false,
                    ],
                ],
            ],
        ]
        return [
            "title": "a cluster", "type": "object", "required": ["discovery"], "properties": .object(shared), "patternProperties": ["^//": true],
            "additionalProperties": false,
        ]
    }
}

extension JSONObject {
    fileprivate func with(_ key: String, _ value: JSON) -> JSONObject {
        var copy = self
        copy[key] = value
        return copy
    }
}
