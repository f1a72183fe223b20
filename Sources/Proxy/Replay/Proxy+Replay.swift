import FoundationEssentials
@preconcurrency import Glibc
import JSON
import LaunchPlan
import Logging
import Messages
import NIOPosix
import Serving

extension Proxy {
    /// Serves one backend of a capture, with the recorded answers in the place of its model's server. Its address goes to standard output.
    ///
    /// - Parameters:
    ///   - backend: whose answers; nil where the capture has those of one alone.
    ///   - untilInputEnds: ends with its standard input, and so with whoever started it.
    public static func replay(file: String, backend: String?, host: String, port: Int, untilInputEnds: Bool) async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ProxyError("cannot read \(file)", hint: "check the path and its permissions")
        }
        let exchanges: [RecordedExchange]
        do { exchanges = try RecordedExchange.read(Array(data)) } catch { throw ProxyError("\(file): \(error)") }
        let settings = try chosen(backend, of: exchanges, file)
        let (upstream, upstreamPort, client, clientPort) = try listeners(host, port)
        let launch = ProxyLaunch(
            settings: try replaySettings(settings, upstreamPort), roots: [:], secrets: [:], listeners: [client], probeListeners: [], lease: nil)
        let logger = Logger(label: "anyclaude-proxy") { StreamLogHandler.standardError(label: $0) }
        let name = settings["name"]?.stringValue
        let server = HTTPService(
            listeners: [upstream], responder: RecordedUpstream(RecordedAnswers(exchanges, backend: name)), logger: logger)
        print("http://\(host.contains(":") ? "[\(host)]" : host):\(clientPort)")
        fflush(stdout)
        if untilInputEnds { endWithInput() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await run(launch, level: .warning)
            group.cancelAll()
        }
    }

    private static func listeners(_ host: String, _ port: Int) throws(ProxyError) -> (CInt, Int, CInt, Int) {
        do {
            let upstream = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
            let client = try ListeningSocket.bind(host: host, port: port)
            return (upstream.descriptor, upstream.port, client.descriptor, client.port)
        } catch {
            throw ProxyError(error)
        }
    }

    /// The settings of the backend as the capture has them.
    static func chosen(_ name: String?, of exchanges: [RecordedExchange], _ file: String) throws(ProxyError) -> JSON {
        var byName: [String: JSON] = [:]
        // The last word: an apply may have changed it in between.
        for backend in exchanges.compactMap(\.backend) { if let name = backend["name"]?.stringValue { byName[name] = backend } }
        let names = byName.keys.sorted()
        guard !names.isEmpty else { throw ProxyError("\(file) has no exchange with a backend") }
        guard let chosen = name ?? (names.count == 1 ? names[0] : nil) else {
            throw ProxyError("\(file) has exchanges with several backends", hint: "name one of \(names.joined(separator: ", "))")
        }
        guard let settings = byName[chosen] else {
            throw ProxyError("\(file) has no exchange with the backend `\(chosen)`", hint: "it has \(names.joined(separator: ", "))")
        }
        return settings
    }

    static func replaySettings(_ backend: JSON, _ upstreamPort: Int) throws(ProxyError) -> ProxySettings {
        var object = backend.objectValue ?? [:]
        let root = "http://127.0.0.1:\(upstreamPort)"
        object["target"] = ["url": ["base": .string(object["api"] == "anthropic" ? root : "\(root)/v1")]]
        let settings: ProxySettings.Backend
        do throws(JSONDecodingError) { settings = try JSON.object(object).decode() } catch {
            throw ProxyError("the capture's backend cannot be read: \(error)", hint: "it may be of another version")
        }
        return ProxySettings(
            backends: [settings], defaultBackend: settings.name, responseCache: .init(enabled: false),
            directories: .init(cache: .rooted(.cache, ""), logs: .rooted(.logs, "")))
    }

    /// SIGTERM to this process, once nobody holds the other end of its standard input.
    private static func endWithInput() {
        NIOThreadPool.singleton.submit { _ in
            var byte: UInt8 = 0
            while true {
                let count = read(STDIN_FILENO, &byte, 1)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                break
            }
            kill(getpid(), SIGTERM)
        }
    }
}
