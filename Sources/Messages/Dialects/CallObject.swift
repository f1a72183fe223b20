import JSON

/// The JSON object that is a whole call: its tool's name, its arguments, and whatever members a model adds.
enum CallObject {
    /// What a call in any order of its members says; nil where it is none.
    static func events(of object: [UInt8], _ tools: ToolSchemas) -> [ToolCallEvent]? {
        guard let value = try? JSON(parsing: object), let name = value["name"]?.stringValue else { return nil }
        var arguments = value["arguments"] ?? value["parameters"] ?? [:]
        // Some models write the object as a text.
        if case .string(let text) = arguments, let inner = try? JSON(parsing: text) { arguments = inner }
        if arguments.isNull { arguments = [:] }
        guard case .object(var members) = arguments else { return nil }
        for member in members {
            let types = tools.types(of: member.key, in: name)
            if case .string(let text) = member.value, !types.isEmpty, !types.contains("string") {
                members[member.key] = ToolSchemas.value(of: text, types: types) ?? member.value
            }
        }
        return [.started(name: name), .arguments(JSON.object(members).text), .finished]
    }

    /// Where a call ends whose arguments end at the beginning of `bytes`: behind other members and a brace, which may be missing; nil
    /// where that cannot be told yet.
    static func end(in bytes: ArraySlice<UInt8>) -> Int? {
        var members = ArgumentsStream { _ in [] }
        _ = members.read(Array(#"{"":"""#.utf8)[...])
        let count = members.read(bytes).count
        return members.isBroken ? 0 : members.isWhole ? count : nil
    }
}
