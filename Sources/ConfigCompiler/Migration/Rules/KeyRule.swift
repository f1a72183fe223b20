/// Other spellings of a key become its name: `cacheSlots` is `cache_slots`.
enum KeyRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        text.entries.compactMap { entry in
            guard let spec = entry.spec, spec.name != entry.entry.key, !text.hasProperty(entry.span) else { return nil }
            return Rewrite(
                id: "key \(entry.id)", key: entry.key, action: "write `\(spec.name)`",
                reason: "`\(entry.entry.key)` is another spelling of `\(spec.name)`",
                edits: [.init(entry.span, text.name(spec.name, as: entry.entry))],
                offset: entry.span.start)
        }
    }
}
