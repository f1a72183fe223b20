import Diagnostics
import LaunchPlan

/// No two programs of this machine listen on one address: neither two services, nor a service and a server that somebody else runs.
struct ListenerChecks {
    let configuration: Configuration
    private(set) var diagnostics: [Diagnostic] = []
    /// The ports of this machine that the file gives to somebody.
    private let used: Set<Int>
    private let servers: [Listener]

    private struct Listener {
        var owner: String
        var host: String
        var port: Int
        var span: SourceSpan?
    }

    /// - Parameter started: the names of the workers.
    init(_ configuration: Configuration, started: Set<String>) {
        self.configuration = configuration
        servers = configuration.reachable.filter { !started.contains($0.name) && $0.url.isOnThisMachine }.map { backend in
            let section = backend.section
            return Listener(
                owner: "backend `\(backend.name)`", host: backend.url.host, port: backend.url.port,
                span: section.span(of: BackendKeys.baseUrl) ?? section.span(of: BackendKeys.port) ?? backend.nameSpan)
        }
        used = Set([configuration.proxyPort] + configuration.workers.map(\.backend.port) + servers.map(\.port))
    }

    mutating func run() {
        let proxy = configuration.proxy
        var seen = [
            Listener(
                owner: "the proxy", host: configuration.proxyHost, port: configuration.proxyPort,
                span: proxy.span(of: ProxyKeys.port) ?? configuration.file.span(of: FileKeys.port))
        ]
        for worker in configuration.workers {
            let backend = worker.backend
            let section = backend.section
            let listener = Listener(
                owner: "backend `\(backend.name)`", host: backend.host, port: backend.port,
                span: section.span(of: BackendKeys.port) ?? section.span(of: BackendKeys.baseUrl) ?? backend.nameSpan)
            if let other = seen.first(where: { Self.overlap($0, listener) }) { sameListener(other, listener) }
            // A server at the proxy's own address is the proxy itself, which is found elsewhere.
            for server in servers where Self.overlap(server, listener) { sameAddress(server, listener) }
            seen.append(listener)
        }
    }

    private static func overlap(_ left: Listener, _ right: Listener) -> Bool {
        guard left.port == right.port else { return false }
        return HostName.canonical(left.host) == HostName.canonical(right.host) || HostName.isWildcard(left.host) || HostName.isWildcard(right.host)
    }

    private mutating func sameListener(_ first: Listener, _ second: Listener) {
        var notes = [free(after: second.port)]
        if first.host != second.host, HostName.isWildcard(first.host) || HostName.isWildcard(second.host) {
            notes.append("\(HostName.isWildcard(first.host) ? first.host : second.host) covers every address of the machine")
        }
        report("two listeners use port \(second.port)", first, "already does", second, "listens here", notes)
    }

    /// Requests for the one would be answered by the other, whichever comes first.
    private mutating func sameAddress(_ server: Listener, _ worker: Listener) {
        report(
            "\(worker.owner) would be started where \(server.owner) expects a server that is there already", server, "is found here", worker,
            "listens here",
            [free(after: worker.port), "\(server.owner) is none that is started here: to mean the same worker, lead the routes to that one"])
    }

    private mutating func report(
        _ message: String, _ first: Listener, _ does: String, _ second: Listener, _ doesToo: String, _ notes: [String]
    ) {
        let places = [first.span, second.span].compactMap { $0 }
        diagnostics.append(
            Diagnostic(
                .sameListener, message, at: second.span ?? first.span,
                label: places.count == 2 ? "\(second.owner) \(doesToo)" : "\(first.owner) and \(second.owner)",
                secondary: places.count == 2 ? [.init(places[0], "\(first.owner) \(does)")] : [], notes: notes))
    }

    private func free(after port: Int) -> String {
        let free = (port + 1...65_535 + port).lazy.map { $0 > 65_535 ? $0 - 64_511 : $0 }.first { !used.contains($0) } ?? port
        return "the next port that this file does not use is \(free)"
    }
}
