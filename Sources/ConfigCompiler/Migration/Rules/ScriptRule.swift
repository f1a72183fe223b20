import JSON

/// Launcher scripts of the earlier tool become `engine: mlx-textgen`.
///
/// The Python servers are archived: their store of keys and values never worked, and MLX-Textgen took their place. The shell script
/// that starts MLX-Textgen fixed the size of the cache itself; a file that says nothing of a cache is of that time. With a `cache`
/// section it is the form that took the place of the Python servers, which stays. Other scripts are somebody's own.
enum ScriptRule: MigrationRule {
    private static let archived: Set<String> = ["vllm-mlx-server.py", "mlx-server.py"]
    private static let launcher = "mlx-textgen-server.sh"

    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        text.entries.compactMap { entry in
            guard entry.spec?.name == BackendKeys.serverScript.name, entry.path.count == 3, entry.entry.value.alias == nil,
                case .string(let script) = entry.entry.value.value, let backend = text.entry(Array(entry.path.dropLast())),
                !text.hasProperty(entry.span), !text.hasProperty(entry.entry.value.span)
            else { return nil }
            let members = text.members(of: backend)
            let hasCache = members.contains { $0.entry.key == BackendKeys.cache.name } || backend.entry.hasMerged(BackendKeys.cache.name)
            guard isWorker(entry.path[1], members), let reason = reason(PathText.lastComponent(script), hasCache: hasCache) else { return nil }
            // The seeds' values, which are also what holds where the section is absent.
            let cache: MigrationText.NewValue = .members([
                (CacheKeys.enable.name, .word("true")), (CacheKeys.slots.name, .word("10")), (CacheKeys.minTokens.name, .word("100")),
            ])
            let insertion = hasCache ? [] : text.inserting(BackendKeys.cache.name, cache, after: entry)
            let engine = EngineName.mlxTextgen.rawValue
            let edits =
                [
                    .init(entry.span, text.name(BackendKeys.engine.name, as: entry.entry)),
                    .init(entry.entry.value.span, Checker.written(engine, as: entry.entry.value)),
                ] + insertion
            return Rewrite(
                id: "script \(entry.id)", key: entry.key, action: "write `engine: \(engine)`\(hasCache ? "" : " with its cache")", reason: reason,
                edits: edits, offset: entry.span.start, changesPlan: true,
                noteIfRefused: "\(entry.key) is left as it is: `engine: \(engine)` has no use for other keys of this backend")
        }
    }

    private static func reason(_ script: String, hasCache: Bool) -> String? {
        if archived.contains(script) { return "\(script) is archived: MLX-Textgen took its place, whose store of keys and values works" }
        if script == launcher, !hasCache { return "\(script) fixed the size of the cache itself; the engine passes `cache` on and needs no script" }
        return nil
    }

    /// A backend of the kind that workers have, and whose engine is not said otherwise.
    private static func isWorker(_ name: String, _ members: [MigrationText.Entry]) -> Bool {
        func text(_ key: String) -> String? {
            guard let member = members.first(where: { $0.entry.key == key }), case .string(let text) = member.entry.value.value else { return nil }
            return text
        }
        if members.contains(where: { $0.entry.key == BackendKeys.engine.name }) { return false }
        return BackendKind(name: text(BackendKeys.kind.name) ?? name) == .vllmMLX
    }
}

extension SyntaxEntry {
    /// Whether its mapping has a key through `<<`.
    fileprivate func hasMerged(_ key: String) -> Bool {
        guard case .mapping(let members) = value.value else { return false }
        return members.contains { $0.key == key && $0.isMerged }
    }
}
