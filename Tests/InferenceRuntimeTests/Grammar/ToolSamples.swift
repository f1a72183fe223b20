import JSON

/// Schemas of tools: those of coding agents, and one of each kind of keyword.
enum ToolSamples {
    static let all: [(name: String, schema: JSON)] = texts.map { name, text in
        guard let schema = try? JSON(parsing: text) else { preconditionFailure("\(name) is not JSON") }
        return (name, schema)
    }

    private static let texts: [(String, String)] = [
        (
            "Bash",
            #"""
            {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {
              "command": {"type": "string", "description": "The command to execute"}, "timeout": {"type": "number", "minimum": 0, "maximum": 600000},
              "description": {"type": "string"}, "run_in_background": {"type": "boolean"}}, "required": ["command"], "additionalProperties": false}
            """#
        ),
        (
            "Read",
            #"""
            {"type": "object", "properties": {"file_path": {"type": "string", "minLength": 1}, "offset": {"type": "integer", "minimum": 0},
              "limit": {"type": "integer", "exclusiveMinimum": 0}}, "required": ["file_path"], "additionalProperties": false}
            """#
        ),
        (
            "Edit",
            #"""
            {"type": "object", "properties": {"file_path": {"type": "string"}, "old_string": {"type": "string"}, "new_string": {"type": "string"},
              "replace_all": {"type": "boolean", "default": false}}, "required": ["file_path", "old_string", "new_string"]}
            """#
        ),
        (
            "Grep",
            #"""
            {"type": "object", "properties": {"pattern": {"type": "string"}, "output_mode": {"type": "string",
              "enum": ["content", "files_with_matches", "count"]}, "-B": {"type": "number"}, "-i": {"type": "boolean"},
              "head_limit": {"type": "integer"}}, "required": ["pattern"]}
            """#
        ),
        (
            "TodoWrite",
            #"""
            {"type": "object", "properties": {"todos": {"type": "array", "items": {"type": "object", "properties": {
              "content": {"type": "string", "minLength": 1}, "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
              "activeForm": {"type": "string", "minLength": 1}}, "required": ["content", "status", "activeForm"], "additionalProperties": false}}},
              "required": ["todos"], "additionalProperties": false}
            """#
        ),
        (
            "AskUserQuestion",
            #"""
            {"type": "object", "properties": {"questions": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "object", "properties": {
              "question": {"type": "string"}, "header": {"type": "string", "maxLength": 12}, "multiSelect": {"type": "boolean"},
              "options": {"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "object", "properties": {"label": {"type": "string"},
              "description": {"type": "string"}}, "required": ["label", "description"]}}}, "required": ["question", "options"]}},
              "answers": {"type": "object", "additionalProperties": {"type": "string"}}}, "required": ["questions"]}
            """#
        ),
        ("nothing", #"{"type": "object", "properties": {}}"#),
        ("anything", #"{"type": "object"}"#),
        (
            "nullable",
            #"{"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}"#
        ),
        ("mixed", #"{"type": "object", "properties": {"a": {"type": ["string", "number", "array"]}, "b": {"enum": ["x", 1, null, "null", [2]]}}}"#),
        (
            "tree",
            #"""
            {"type": "object", "properties": {"root": {"$ref": "#/$defs/node"}}, "required": ["root"], "$defs": {"node": {"type": "object",
              "properties": {"v": {"type": "integer", "minimum": -20, "maximum": 305}, "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
              "required": ["v"], "additionalProperties": false}}}
            """#
        ),
        ("itself", ##"{"type": "object", "properties": {"inner": {"$ref": "#"}, "end": {"const": "</param> \" \\ é"}}, "required": ["end"]}"##),
        (
            "others",
            #"""
            {"type": "object", "properties": {"name": {"type": "string"}, "né": {"const": 1}}, "required": ["name"],
              "additionalProperties": {"type": "integer", "maximum": 9}}
            """#
        ),
        (
            "all of",
            #"""
            {"type": "object", "properties": {"both": {"allOf": [
              {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "number"}}, "required": ["a"]},
              {"properties": {"a": {"minLength": 2, "maxLength": 5}, "n": {"type": "integer", "minimum": 3}}, "required": ["n"]}]}}}
            """#
        ),
        (
            "one of",
            #"""
            {"type": "object", "properties": {"shape": {"oneOf": [
              {"type": "object", "properties": {"kind": {"const": "circle"}, "r": {"type": "number", "exclusiveMinimum": 0}}, "required": ["kind", "r"]},
              {"type": "object", "properties": {"kind": {"const": "box"}, "w": {"type": "number", "maximum": -1.5}}, "required": ["kind", "w"]}]}},
              "required": ["shape"]}
            """#
        ),
        (
            "tuple",
            #"{"type": "object", "properties": {"t": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": false, "minItems": 1}}}"#
        ),
        (
            "long list",
            #"{"type": "object", "properties": {"l": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 5}}, "required": ["l"]}"#
        ),
        (
            "either",
            #"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}"#
        ),
        (
            "range",
            #"{"type": "object", "properties": {"p": {"type": "number", "minimum": 0, "maximum": 1}, "q": {"type": "integer", "minimum": 98, "maximum": 1203}}, "required": ["p", "q"]}"#
        ),
        (
            "unicode",
            #"{"type": "object", "properties": {"ключ ✓": {"type": "string", "minLength": 2, "maxLength": 3}, "e": {"enum": ["ä", "äö", "💡", ""]}}, "required": ["ключ ✓", "e"]}"#
        ),
        ("demanded", #"{"type": "object", "required": ["x"], "properties": {"y": false}}"#),
    ]
}
