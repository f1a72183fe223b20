import Diagnostics

/// The table of keys as a list, with each key's dotted place: `backends.*.cache.cache_slots`, `routes[].to`.
enum KeyTable {
    struct Row: Sendable {
        var path: String
        var spec: KeySpec
    }

    static let rows: [Row] = rows(of: FileKeys.scope, prefix: "")

    private static func rows(of scope: Scope, prefix: String) -> [Row] {
        scope.keys.flatMap { spec in
            let path = prefix + spec.name
            let own = [Row(path: path, spec: spec)]
            switch spec.type {
            case .section(let inner), .optional(let inner): return own + rows(of: inner, prefix: "\(path).")
            case .list(let inner): return own + rows(of: inner, prefix: "\(path)[].")
            case .named(let inner): return own + rows(of: inner, prefix: "\(path).*.")
            default: return own
            }
        }
    }

    /// The known key that is spelt most like `name`.
    static func nearest(to name: String) -> String? {
        Spelling.nearest(to: name, among: Array(Set(rows.filter { $0.spec.unused == nil }.map(\.spec.name))))
    }
}
