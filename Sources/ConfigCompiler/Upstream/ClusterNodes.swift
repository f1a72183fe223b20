import Diagnostics

/// Upstream's `mlx-cluster` as what it is here: each of its nodes is a backend of its own.
///
/// Its static nodes become backends of the kind vllm-mlx, by their ids, with the keys that the cluster gives to all. Requests are not
/// shared out among them: `backend: mlx-cluster` means the first node, routes lead to the others, and a warning says so.
struct ClusterNodes {
    static let name = "mlx-cluster"
    private(set) var diagnostics: [Diagnostic] = []
    private var first: String?

    /// The file with nodes in place of the cluster; as it was where it has none.
    mutating func expand(_ file: SyntaxNode) -> SyntaxNode {
        guard case .mapping(var entries) = file.value, let index = entries.firstIndex(where: { $0.isNamed(FileKeys.backends.name) }),
            case .mapping(let backends) = entries[index].value.value, let cluster = backends.first(where: { $0.isNamed(Self.name) }),
            case .mapping(let members) = cluster.value.value, let nodes = nodes(members, cluster)
        else { return file }
        var all = backends.filter { !$0.isNamed(Self.name) }
        let declared = Dictionary(all.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for node in nodes {
            if let other = declared[node.key] {
                report(SyntaxNode.duplicate(node.key, first: other, again: node))
            } else {
                all.append(node)
            }
        }
        entries[index].value.value = .mapping(all)
        if let active = entries.firstIndex(where: { $0.key == FileKeys.backend.name }), case .string(Self.name) = entries[active].value.value,
            let first
        {
            diagnostics.append(
                Diagnostic(
                    .withoutEffect, "requests are not shared out among the nodes of `\(Self.name)`", at: entries[active].value.span,
                    label: "taken for `\(first)`, the first node", notes: ["`routes` lead requests to the other nodes, by model"], path: "/backend"))
            entries[active].value.value = .string(first)
        }
        var result = file
        result.value = .mapping(entries)
        return result
    }

    /// Keys of the cluster that have no meaning for a node.
    static let unused = ["health", "routing", "cache"]
    /// Keys that each node has by itself.
    static let perNode = [BackendKeys.kind.name, BackendKeys.baseUrl.name, BackendKeys.port.name]

    /// Nil where the cluster has no list of nodes, which is then refused as a kind.
    private mutating func nodes(_ members: [SyntaxEntry], _ cluster: SyntaxEntry) -> [SyntaxEntry]? {
        guard let discovery = members.first(where: { $0.key == "discovery" }), case .mapping(let fields) = discovery.value.value,
            let list = fields.first(where: { $0.key == "nodes" }), case .sequence(let elements) = list.value.value, !elements.isEmpty
        else { return nil }
        if let mode = fields.first(where: { $0.key == "mode" }), !Self.isStatic(mode.value) { return nil }
        // One more than there may be backends, which is then said of them all.
        let bounded = elements.prefix(Checker.maximumElements + 1)
        for entry in members where Self.unused.contains(entry.key) || Self.perNode.contains(entry.key) {
            warn(entry, "each node is a backend of its own")
        }
        for entry in fields where !["mode", "nodes"].contains(entry.key) && !entry.key.hasPrefix("//") { warn(entry, "the nodes are listed") }
        // A key that is there twice was reported; every node gets it once.
        var names: Set<String> = []
        let shared = members.filter {
            !Self.unused.contains($0.key) && !Self.perNode.contains($0.key) && $0.key != "discovery" && names.insert($0.key).inserted
        }
        // What is no key of a backend is said once, of the first node.
        let keys = shared.filter { BackendKeys.scope.key($0.key) != nil }
        var result: [SyntaxEntry] = []
        var known: [String: SyntaxEntry] = [:]
        for element in bounded {
            guard let node = node(element, result.isEmpty ? shared : keys, cluster) else { continue }
            if first == nil { first = node.key }
            if let other = known[node.key] {
                report(SyntaxNode.duplicate(node.key, first: other, again: node))
            } else {
                known[node.key] = node
                result.append(node)
            }
        }
        return result
    }

    private static func isStatic(_ node: SyntaxNode) -> Bool { if case .string("static") = node.value { true } else { false } }

    private mutating func report(_ diagnostic: Diagnostic) {
        if diagnostics.count < Checker.maximumFindings { diagnostics.append(diagnostic) }
    }

    private mutating func warn(_ entry: SyntaxEntry, _ reason: String) {
        report(Diagnostic(.unusedKey, "`\(entry.key)` changes nothing here: \(reason)", at: entry.keySpan, label: "not used"))
    }

    private mutating func node(_ element: SyntaxNode, _ shared: [SyntaxEntry], _ cluster: SyntaxEntry) -> SyntaxEntry? {
        guard case .mapping(let fields) = element.value else {
            report(
                Diagnostic(.wrongType, "a node needs `id` and `url`, found \(element.typeName)", at: element.span, label: "expected a mapping"))
            return nil
        }
        guard let id = fields.first(where: { $0.key == "id" || $0.key == "nodeId" }), case .string(let name) = id.value.value,
            let url = fields.first(where: { $0.key == "url" })
        else {
            report(
                Diagnostic(
                    .missingKey, "a node needs `id` and `url`", at: SourceSpan(element.span.file, element.span.start..<element.span.start),
                    label: "this node", notes: ["the id becomes the name of a backend, as text"]))
            return nil
        }
        var address = url
        address.key = BackendKeys.baseUrl.name
        // Upstream asks for /v1 below the node's address.
        if case .string(let text) = url.value.value, let base = try? BaseURL(parsing: text), base.path.isEmpty {
            address.value.value = .string(base.text + "/v1")
        }
        let kind = SyntaxEntry(
            key: BackendKeys.kind.name, keySpan: cluster.keySpan, keyStyle: cluster.keyStyle,
            value: SyntaxNode(.string(BackendKind.vllmMLX.rawValue), at: cluster.keySpan, style: .quoted))
        if let again = fields.first(where: { $0.key == BackendKeys.baseUrl.name }) {
            report(SyntaxNode.duplicate(BackendKeys.baseUrl.name, first: url, again: again))
        }
        for entry in fields where entry.key == BackendKeys.kind.name { warn(entry, "a node is a worker") }
        let replaced = ["id", "nodeId", "url", BackendKeys.baseUrl.name, BackendKeys.kind.name]
        let others = fields.filter { !replaced.contains($0.key) }
        let own = Set(others.map(\.key))
        let value = SyntaxNode(
            .mapping([kind, address] + shared.filter { !own.contains($0.key) } + others), at: element.span)
        return SyntaxEntry(key: name, keySpan: id.value.span, keyStyle: id.value.style, value: value)
    }
}
