import Diagnostics

/// `port` at the top of the file, where a `proxy` section stands already: it moves there, or is a comment where that has its own.
///
/// Where there is no such section, the checker's fix makes one.
enum PortRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        guard let port = text.entry([FileKeys.port.name]), let proxy = text.entry([FileKeys.proxy.name]), proxy.entry.value.alias == nil,
            text.showsWhatHolds
        else { return [] }
        let members = text.members(of: proxy)
        if members.contains(where: { $0.entry.key == ProxyKeys.port.name }) {
            return [UnusedKeyRule.rewrite(port, text, "`proxy.port` goes before it", code: .deprecatedKey)].compactMap { $0 }
        }
        guard case .integer(let number) = port.entry.value.value, port.entry.value.alias == nil, !text.hasProperty(port.entry.value.span),
            let insertion = text.inserting(ProxyKeys.port.name, .word(String(number)), into: proxy), let removal = text.removing(port)
        else { return [] }
        return [
            Rewrite(
                id: "port", code: .deprecatedKey, key: port.key, action: "move it to `proxy.port`",
                reason: "`port` is deprecated: write `proxy.port`",
                edits: (removal + insertion).sorted { $0.span < $1.span }, offset: port.span.start)
        ]
    }
}
