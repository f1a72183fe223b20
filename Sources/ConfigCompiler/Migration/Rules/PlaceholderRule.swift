/// Words that the earlier tool needed where there is no key (`lm-studio`, `local`, …) go: they are as good as no key.
enum PlaceholderRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        guard text.showsWhatHolds else { return [] }
        return text.entries.compactMap { entry in
            guard entry.spec?.name == BackendKeys.apiKey.name, entry.path.count == 3, entry.entry.value.alias == nil,
                case .string(let word) = entry.entry.value.value, Checker.placeholders.contains(word), !text.hasProperty(entry.entry.value.span)
            else { return nil }
            let reason = "\(word.isEmpty ? "an empty key" : "`\(word)`") is as good as no `apiKey`"
            guard let edits = text.removing(entry) else { return UnusedKeyRule.rewrite(entry, text, reason, code: nil) }
            return Rewrite(
                id: "placeholder \(entry.id)", key: entry.key, action: "remove it", reason: reason, edits: edits, offset: entry.span.start)
        }
    }
}
