import JSON

/// As much of JSON Schema draft-04 as the schema of SARIF uses.
struct SchemaCheck {
    private let root: JSON

    init(_ root: JSON) { self.root = root }

    func faults(of value: JSON) -> [String] { faults(value, root, "") }

    private func faults(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        if let reference = schema["$ref"]?.stringValue {
            let target = reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null }
            return faults(value, target, path)
        }
        var result: [String] = []
        if let type = schema["type"]?.stringValue, !matches(value, type) { return ["\(path): not \(type)"] }
        if let choices = schema["enum"]?.arrayValue, !choices.contains(value) { result.append("\(path): not one of the choices") }
        if let all = schema["anyOf"]?.arrayValue, !all.contains(where: { faults(value, $0, path).isEmpty }) {
            result.append("\(path): none of anyOf")
        }
        if let least = schema["minimum"]?.intValue, let number = value.intValue, number < least { result.append("\(path): below \(least)") }
        if let pattern = schema["pattern"]?.stringValue, let text = value.stringValue, let regex = try? Regex(pattern),
            text.firstMatch(of: regex) == nil
        {
            result.append("\(path): not \(pattern)")
        }
        if case .object(let object) = value { result += members(object, schema, path) }
        if case .array(let elements) = value {
            if let least = schema["minItems"]?.intValue, elements.count < least { result.append("\(path): too few") }
            if schema["uniqueItems"] == true, Set(elements.map(\.text)).count < elements.count { result.append("\(path): not unique") }
            if let items = schema["items"] { result += elements.enumerated().flatMap { faults($1, items, "\(path)/\($0)") } }
        }
        return result
    }

    private func members(_ object: JSONObject, _ schema: JSON, _ path: String) -> [String] {
        var result = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }.map { "\(path)/\($0): missing" }
        for member in object.members {
            let inner = "\(path)/\(member.key)"
            if let known = schema["properties"]?[member.key] {
                result += faults(member.value, known, inner)
            } else if schema["additionalProperties"] == false {
                result.append("\(inner): unknown")
            } else if let other = schema["additionalProperties"], case .object = other {
                result += faults(member.value, other, inner)
            }
        }
        return result
    }

    private func matches(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .integer), ("number", .integer),
            ("number", .number), ("null", .null):
            true
        default: false
        }
    }
}
