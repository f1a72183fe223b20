import JSON

/// One of two configurations, as far as its plan says what it was: the values by key, and what leads to each backend.
struct CauseSide {
    static let proxy = "proxy"

    let provenance: Provenance
    /// The value of each key, whatever was made from it.
    let values: [String: Provenance.Input]
    /// By backend: the keys by which requests reach it.
    let leading: [String: [String]]
    /// By backend: the workers that wait for it.
    let dependents: [String: [String]]

    init(_ provenance: Provenance) {
        self.provenance = provenance
        let services = provenance.inputs.sorted { $0.key < $1.key }
        let lists =
            [provenance.whole ?? []] + services.map(\.value) + (provenance.deciding ?? [:]).sorted { $0.key < $1.key }.map(\.value)
            + [provenance.unused ?? []]
        values = Dictionary(lists.joined().map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        leading = Self.leading(provenance.inputs[Self.proxy] ?? [])
        var dependents: [String: [String]] = [:]
        for (name, inputs) in services where name != Self.proxy {
            let waited = inputs.first { $0.key == Self.dependsOn(name) }?.value.arrayValue ?? []
            for other in waited.compactMap(\.stringValue) { dependents[other, default: []].append(name) }
        }
        self.dependents = dependents
    }

    private static func leading(_ inputs: [Provenance.Input]) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for input in inputs {
            if input.key == "fallback" || (input.key.hasPrefix("routes[") && input.key.hasSuffix("].fallback")) {
                for target in (input.value.arrayValue ?? []).compactMap(\.stringValue) { result[target, default: []].append(input.key) }
            }
            guard let target = input.value.stringValue else { continue }
            if input.key == "backend" {
                // Where none is named, these decide which one it is; elsewhere the proxy is not made from them.
                let enabled = inputs.map(\.key).filter { $0.hasPrefix("backends.") && $0.hasSuffix(".enabled") }
                result[target, default: []] += [input.key] + enabled
            } else if input.key.hasPrefix("routes["), input.key.hasSuffix("].to") {
                result[target, default: []].append(input.key)
            }
        }
        return result
    }

    static func dependsOn(_ backend: String) -> String { "backends.\(backend).dependsOn" }

    /// `small` of `backends.small.port`.
    static func backend(of key: String) -> String? {
        let parts = key.split(separator: ".")
        return parts.count > 2 && parts[0] == "backends" ? String(parts[1]) : nil
    }

    func inputs(of service: String) -> [Provenance.Input] { provenance.inputs[service] ?? [] }
    func isService(_ name: String) -> Bool { provenance.inputs[name] != nil }
    func declares(_ backend: String) -> Bool { provenance.deciding?[backend] != nil }

    /// What a backend says itself about being a service; what it waits for decides on others.
    func decidingKeys(of backend: String) -> [String] {
        (provenance.deciding?[backend] ?? []).map(\.key).filter { $0 != Self.dependsOn(backend) }
    }

    /// Whether a key may stand in the files although no value of it is known: a plan that was saved before all were kept does not say.
    func isUnknown(_ key: String) -> Bool {
        guard provenance.unused == nil, let backend = Self.backend(of: key) else { return false }
        return declares(backend) && !isService(backend)
    }
}
