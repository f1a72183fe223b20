import JSON

/// A place in a JSON value at which another value has something else.
public struct Difference: Codable, Sendable, Equatable {
    /// Members with dots, elements in brackets, by name where all have one: `settings.limits.ping_ms`, `argv[2]`, `sockets[http].address`.
    public var path: String
    /// Nil where only the new value has it.
    public var old: JSON?
    /// Nil where only the old value has it.
    public var new: JSON?

    public init(path: String, old: JSON?, new: JSON?) {
        self.path = path
        self.old = old
        self.new = new
    }

    /// All that differs, the deepest places that say it, in the order of the values; none exactly where the two mean the same.
    public static func between(_ old: JSON, _ new: JSON) -> [Difference] {
        var result: [Difference] = []
        collect(old, new, "", &result)
        return result
    }

    private static func collect(_ old: JSON, _ new: JSON, _ path: String, _ result: inout [Difference]) {
        if old == new { return }
        switch (old, new) {
        case (.object(let old), .object(let new)): members(old, new, path, &result)
        case (.array(let old), .array(let new)):
            let count = result.count
            if let before = named(old), let after = named(new) {
                members(before, after, path, bracketed: true, &result)
            } else {
                elements(old, new, path, &result)
            }
            // The same elements in another order.
            if result.count == count { result.append(Difference(path: path, old: .array(old), new: .array(new))) }
        default: result.append(Difference(path: path, old: old, new: new))
        }
    }

    private static func members(_ old: JSONObject, _ new: JSONObject, _ path: String, bracketed: Bool = false, _ result: inout [Difference]) {
        func inner(_ key: String) -> String {
            if bracketed || key.isEmpty || key.contains(".") || key.contains("[") { return "\(path)[\(key)]" }
            return path.isEmpty ? key : "\(path).\(key)"
        }
        for member in old.members {
            if let other = new[member.key] {
                collect(member.value, other, inner(member.key), &result)
            } else {
                result.append(Difference(path: inner(member.key), old: member.value, new: nil))
            }
        }
        for member in new.members where old[member.key] == nil {
            result.append(Difference(path: inner(member.key), old: nil, new: member.value))
        }
    }

    /// The elements by their names; nil where one has none or two have the same.
    private static func named(_ elements: [JSON]) -> JSONObject? {
        guard !elements.isEmpty else { return nil }
        var result = JSONObject()
        for element in elements {
            guard let name = element["name"]?.stringValue, result[name] == nil else { return nil }
            result[name] = element
        }
        return result
    }

    /// Elements are compared between the beginning and the end that both lists share.
    private static func elements(_ old: [JSON], _ new: [JSON], _ path: String, _ result: inout [Difference]) {
        let shortest = min(old.count, new.count)
        let start = zip(old, new).prefix { $0 == $1 }.count
        let end = min(shortest - start, zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.count)
        let (before, after) = (old[start..<(old.count - end)], new[start..<(new.count - end)])
        if before.count == after.count {
            for (offset, pair) in zip(before, after).enumerated() { collect(pair.0, pair.1, "\(path)[\(start + offset)]", &result) }
            return
        }
        func place(_ slice: ArraySlice<JSON>) -> String {
            slice.count == 1 ? "\(path)[\(start)]" : "\(path)[\(start)...\(start + slice.count - 1)]"
        }
        func value(_ slice: ArraySlice<JSON>) -> JSON? { slice.count > 1 ? .array(Array(slice)) : slice.first }
        result.append(Difference(path: place(before.count > after.count ? before : after), old: value(before), new: value(after)))
    }
}
