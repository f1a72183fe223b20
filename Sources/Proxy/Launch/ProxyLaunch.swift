import FoundationEssentials
import JSON
import LaunchPlan
import Serving

/// All that a proxy is started with: by the supervisor through descriptors, or alone from files.
public struct ProxyLaunch: Sendable {
    public var settings: ProxySettings
    public var roots: PlanPath.Bindings
    /// By the ids that the settings use.
    public var secrets: [String: String]
    /// Listening sockets for clients; owned by the proxy.
    public var listeners: [CInt]
    /// Listening sockets for probes: no token is asked for there.
    public var probeListeners: [CInt]
    /// The connected socket on which leases are asked for; nil where no supervisor is there.
    public var lease: CInt?

    /// What protects the connections of clients; nil where they speak plain HTTP.
    func tls() throws(ProxyError) -> ListenerTLS? {
        guard let settings = settings.tls else { return nil }
        guard let key = secrets[settings.key] else { throw ProxyError("the secret `\(settings.key)`, the private key for TLS, was not passed") }
        return try ListenerTLS(settings, key: key, roots: roots)
    }

    /// What the supervisor passed to this process.
    public static func inherited() throws(ProxyError) -> ProxyLaunch {
        do {
            let descriptors = InheritedDescriptors.take()
            let passed = PassedDocuments(descriptors: descriptors)
            let document = try decode(ServiceSettings<ProxySettings>.self, try passed.settings(named: DescriptorName.settings), "settings")
            let secrets = try secrets(passed, document.settings)
            guard let http = descriptors[DescriptorName.http] else {
                throw ProxyError("the descriptor `\(DescriptorName.http)` was not passed", hint: "the plan's proxy needs a socket of that name")
            }
            return ProxyLaunch(
                settings: document.settings, roots: document.roots, secrets: secrets, listeners: [http],
                probeListeners: descriptors[DescriptorName.probe].map { [$0] } ?? [], lease: descriptors[DescriptorName.lease])
        } catch let error as ServingError {
            throw ProxyError(error)
        } catch let error as ProxyError {
            throw error
        } catch {
            throw ProxyError("\(error)")
        }
    }

    private static func secrets(_ passed: PassedDocuments, _ settings: ProxySettings) throws -> [String: String] {
        if let document = try passed.secrets(named: DescriptorName.secrets) { return try decode([String: String].self, document, "secrets") }
        var values: [String: String] = [:]
        for id in settings.secretIDs { values[id] = try passed.secret(id) }
        return values
    }

    /// A proxy without a supervisor, on a port of its own. Backends that are services of a plan are refused when they are asked for.
    ///
    /// - Parameter settings: `ProxySettings` as JSON, or a whole `ServiceSettings` document.
    public static func alone(settings: [UInt8], secrets: [UInt8]?, host: String, port: Int) throws(ProxyError) -> ProxyLaunch {
        var roots: PlanPath.Bindings = [:]
        let values: ProxySettings
        if (try? JSON(parsing: settings))?["settings"] != nil {
            let document = try decode(ServiceSettings<ProxySettings>.self, settings, "settings")
            roots = document.roots
            values = document.settings
        } else {
            values = try decode(ProxySettings.self, settings, "settings")
        }
        let known = try secrets.map { (bytes) throws(ProxyError) in try decode([String: String].self, bytes, "secrets") } ?? [:]
        do {
            let socket = try ListeningSocket.bind(host: host, port: port)
            return ProxyLaunch(settings: values, roots: roots, secrets: known, listeners: [socket.descriptor], probeListeners: [], lease: nil)
        } catch {
            throw ProxyError(error)
        }
    }

    /// The same from files.
    public static func alone(settingsFile: String, secretsFile: String?, host: String, port: Int) throws(ProxyError) -> ProxyLaunch {
        try alone(
            settings: try contents(of: settingsFile), secrets: try secretsFile.map { (path) throws(ProxyError) in try contents(of: path) },
            host: host,
            port: port)
    }

    private static func contents(of path: String) throws(ProxyError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ProxyError("cannot read \(path)", hint: "check the path and its permissions")
        }
        return Array(data)
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ name: String) throws(ProxyError) -> T {
        do {
            return try JSON(parsing: bytes).decode(T.self)
        } catch {
            throw ProxyError("the \(name) cannot be read: \(error)")
        }
    }
}
