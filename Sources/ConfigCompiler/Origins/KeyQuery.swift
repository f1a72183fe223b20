import Diagnostics

/// Finds the keys that a dotted text means, in a configuration.
struct KeyQuery {
    /// A key at its place.
    struct Target: Sendable {
        /// Canonical names, those of backends, and `[0]` for elements.
        var path: [String]
        var spec: KeySpec

        var text: String { path.reduce(into: "") { text, part in text += text.isEmpty || part.hasPrefix("[") ? part : ".\(part)" } }
    }

    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    func targets(of key: String) throws(UnknownKey) -> [Target] {
        var result: [Target] = []
        for parts in try queries(key) { result += try walk(FileKeys.scope, parts[...], [], key) }
        var seen: Set<String> = []
        result = result.map(renewed).filter { seen.insert($0.text).inserted }
        guard result.isEmpty else { return result }
        throw UnknownKey(message: "`\(Self.shown(key))` stands for no key of this configuration", hint: "it has no such backend or route")
    }

    /// A name alone means every key of that name, as `anyclaude explain` takes it.
    private func queries(_ key: String) throws(UnknownKey) -> [[String]] {
        guard !key.contains("."), !key.contains("[") else { return [Self.parts(key)] }
        let rows = KeyTable.rows.filter { $0.spec.name == key || $0.spec.aliases.contains(key) }
        guard !rows.isEmpty else { throw unknown(key) }
        return rows.map { Self.parts($0.path) }
    }

    /// `routes[0].to` as `routes`, `[0]`, `to`; `[]` as `[*]`.
    private static func parts(_ key: String) -> [String] {
        key.split(separator: ".", omittingEmptySubsequences: false).flatMap { part -> [String] in
            guard part.hasSuffix("]"), let open = part.firstIndex(of: "[") else { return [String(part)] }
            let index = part[part.index(after: open)...].dropLast()
            return [String(part[..<open]), index.isEmpty ? "[*]" : "[\(index)]"]
        }
    }

    private func walk(_ scope: Scope, _ parts: ArraySlice<String>, _ path: [String], _ key: String) throws(UnknownKey) -> [Target] {
        guard let first = parts.first else { return try leaves(scope, path, key) }
        guard let spec = scope.key(first) else { throw unknown(key) }
        let (rest, here) = (parts.dropFirst(), path + [spec.name])
        switch spec.type {
        case .section(let inner): return try walk(inner, rest, here, key)
        case .optional(let inner):
            if rest.isEmpty, case .section? = configuration.file.field(at: here)?.value { return try leaves(inner, here, key) }
            return rest.isEmpty ? [Target(path: here, spec: spec)] : try walk(inner, rest, here, key)
        case .named(let inner):
            var result: [Target] = []
            for name in try backends(rest.first ?? "*", key) { result += try walk(inner, rest.dropFirst(), here + [name], key) }
            return result
        case .list(let inner):
            let indices = try elements(rest.first ?? "[*]", here, key)
            if rest.isEmpty, indices.isEmpty { return [Target(path: here, spec: spec)] }
            var result: [Target] = []
            for index in indices { result += try walk(inner, rest.dropFirst(), here + ["[\(index)]"], key) }
            return result
        default:
            guard rest.isEmpty else { throw unknown(key) }
            return [Target(path: here, spec: spec)]
        }
    }

    private func leaves(_ scope: Scope, _ path: [String], _ key: String) throws(UnknownKey) -> [Target] {
        var result: [Target] = []
        for spec in scope.keys where spec.unused == nil {
            if case .anything = spec.type { continue }
            result += try walk(scope, [spec.name], path, key)
        }
        return result
    }

    private func backends(_ name: String, _ key: String) throws(UnknownKey) -> [String] {
        let names = configuration.backends.map(\.name)
        if name == "*" { return names }
        if names.contains(name) { return [name] }
        let near = Spelling.nearest(to: name, among: names).map { "did you mean `\($0)`? " } ?? ""
        throw UnknownKey(
            message: "there is no backend `\(Self.shown(name))`", hint: "\(near)declared are \(names.map { "`\($0)`" }.joined(separator: ", "))")
    }

    private func elements(_ part: String, _ path: [String], _ key: String) throws(UnknownKey) -> [Int] {
        var count = 0
        if case .list(let elements)? = configuration.file.field(at: path)?.value { count = elements.count }
        if part == "[*]" { return Array(0..<count) }
        guard part.hasPrefix("["), let index = Int(part.dropFirst().dropLast()) else { throw unknown(key) }
        guard (0..<count).contains(index) else {
            throw UnknownKey(message: "`\(Self.shown(key))` is not there", hint: "the list has \(count) element\(count == 1 ? "" : "s")")
        }
        return [index]
    }

    /// A deprecated key means the one to write in its stead.
    private func renewed(_ target: Target) -> Target {
        guard let newer = target.spec.deprecatedBy, let row = KeyTable.rows.first(where: { $0.path == newer }) else { return target }
        return Target(path: Self.parts(newer), spec: row.spec)
    }

    private func unknown(_ key: String) -> UnknownKey {
        let near = Explanation.nearest(to: key).map { "did you mean `\($0)`? " } ?? ""
        return UnknownKey(message: "there is no key `\(Self.shown(key))`", hint: "\(near)`anyclaude explain --list` has all of them")
    }

    private static func shown(_ text: String) -> String { text.count > 80 ? "\(text.prefix(79))…" : text }
}
