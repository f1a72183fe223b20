import JSON

/// The tools that the client runs, but whose description only Anthropic's models have in them: here they are told like others.
///
/// Commands and members: the API's pages on the bash, text editor and memory tools. Those for screens and browsers are not among
/// them: they need a model that was trained for their coordinates.
enum ClientTools {
    /// - Returns: nil where it is another tool.
    static func definition(of tool: JSON) -> JSON? {
        guard var object = tool.objectValue, let type = tool["type"]?.stringValue else { return nil }
        guard let (description, schema) = known(type) else { return nil }
        object["description"] = .string(description)
        object["input_schema"] = schema
        return .object(object)
    }

    private static func known(_ type: String) -> (String, JSON)? {
        switch type {
        case _ where type.hasPrefix("bash_"):
            (
                "Runs a command in a bash shell that lives as long as the conversation. `restart` starts it anew.",
                ["type": "object", "properties": ["command": ["type": "string"], "restart": ["type": "boolean"]]]
            )
        case "text_editor_20250124": ("Views and edits files.", files(["undo_edit"], insertedText: "new_str"))
        case "text_editor_20250429": ("Views and edits files.", files([], insertedText: "new_str"))
        case _ where type.hasPrefix("text_editor_"): ("Views and edits files.", files([], insertedText: "insert_text"))
        case _ where type.hasPrefix("memory_"):
            (
                "Keeps notes between conversations in files below /memories. Look there before a task, and write down what will be needed again.",
                files(["delete", "rename"], insertedText: "insert_text", more: ["old_path": ["type": "string"], "new_path": ["type": "string"]])
            )
        default: nil
        }
    }

    private static func files(_ commands: [JSON], insertedText: String, more: JSONObject = [:]) -> JSON {
        var properties: JSONObject = [
            "command": ["type": "string", "enum": .array(["view", "create", "str_replace", "insert"] + commands)],
            "path": ["type": "string", "description": "absolute path of a file, or for `view` of a directory"],
            "view_range": [
                "type": "array", "items": ["type": "integer"], "description": "for `view`: first and last line, from 1 on; -1 is the end",
            ],
            "file_text": ["type": "string", "description": "for `create`: the whole text"],
            "old_str": ["type": "string", "description": "for `str_replace`: the text to replace, which must occur once"],
            "new_str": ["type": "string", "description": "for `str_replace`: the new text"],
            "insert_line": ["type": "integer", "description": "for `insert`: the line behind which the text is put; 0 is the beginning"],
        ]
        if insertedText == "new_str" {
            properties["new_str"] = ["type": "string", "description": "for `str_replace` and `insert`: the new text"]
        } else {
            properties[insertedText] = ["type": "string", "description": "for `insert`: the text"]
        }
        for member in more.members { properties[member.key] = member.value }
        return ["type": "object", "properties": .object(properties), "required": ["command"]]
    }
}
