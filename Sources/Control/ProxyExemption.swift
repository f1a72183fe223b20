/// The caller's list of hosts that are reached directly, with the stack's among them.
///
/// Claude Code goes through a proxy for web traffic also to addresses of this machine, where a variable names such a proxy and none
/// exempts the address; the connection is then refused, or the stack's token handed to the proxy.
enum ProxyExemption {
    private static let proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
    private static let exemptions = ["NO_PROXY", "no_proxy"]

    /// - Returns: both spellings of the list, as programs differ in which one they read; nothing where no proxy is named.
    static func variables(for baseURL: String, caller: [String: String]) -> [String: String] {
        func value(_ name: String) -> String? { caller[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard proxies.contains(where: { value($0) != nil || value($0.lowercased()) != nil }), let host = host(of: baseURL) else { return [:] }
        let hosts = exemptions.lazy.compactMap(value).first.map { $0.split(separator: ",").map { $0.filter { $0 != " " } } } ?? []
        let list = hosts.contains("*") || hosts.contains(host) ? hosts : hosts + [host]
        return Dictionary(uniqueKeysWithValues: exemptions.map { ($0, list.joined(separator: ",")) })
    }

    private static func host(of url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" }
        if authority.first == "[" {
            return authority.firstIndex(of: "]").map { String(authority[authority.index(after: authority.startIndex)..<$0]) }
        }
        return String(authority.prefix { $0 != ":" })
    }
}
