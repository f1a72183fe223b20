import JSON

/// Tools of the client's shape, in words of our own: some offered at once, some only after a search for them.
public enum ClientTools {
    public static let offered: [JSON] = ["Agent", "Bash", "Edit", "Glob", "Grep", "Read", "Skill", "TaskList", "TaskStop", "ToolSearch", "Write"].map
    {
        tool($0)
    }
    public static let placeholder = deferred("DeferredToolPlaceholder")
    public static let searchable = ["CronCreate", "NotebookEdit", "PlanEnter", "WebFetch"]

    /// What a session offers at first.
    public static let first: [JSON] = inOrder(offered + [placeholder])

    /// What it offers when the named ones were found: the client puts them among the others by name.
    public static func withFound(_ names: [String]) -> [JSON] { inOrder(offered + [placeholder] + names.map(deferred)) }

    /// A sub-agent's own choice.
    public static let subagent: [JSON] = ["Bash", "Glob", "Grep", "Read"].map { tool($0) }

    private static func inOrder(_ tools: [JSON]) -> [JSON] { tools.sorted { ($0["name"]?.stringValue ?? "") < ($1["name"]?.stringValue ?? "") } }

    private static func deferred(_ name: String) -> JSON {
        var object = tool(name).objectValue ?? [:]
        object["defer_loading"] = true
        return .object(object)
    }

    public static func tool(_ name: String) -> JSON {
        let advice = (1...4).map {
            "\($0). Of \(name): do this with care where \"quotes\", line\nbreaks and paths as /var/\(name.lowercased()) occur."
        }
        return [
            "name": .string(name),
            "description": .string("\(name) serves the work at hand.\n\n" + advice.joined(separator: "\n")),
            "input_schema": [
                "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
                "properties": [
                    "path": ["type": "string", "description": "An absolute path.", "pattern": "^/"],
                    "mode": ["type": "string", "enum": ["content", "files", "count"]],
                    "limit": ["type": "integer", "exclusiveMinimum": 0, "maximum": 1e6],
                    "edits": [
                        "type": "array", "maxItems": 8,
                        "items": ["allOf": [["type": "object", "properties": ["old": ["type": "string"], "new": ["type": "string"]]]]],
                    ],
                ],
                "required": ["path"], "additionalProperties": false,
            ],
        ]
    }
}
