import JSON
import LaunchPlan

/// Where clients of a plan's proxy go, and what they must show.
public struct StackAddress: Sendable, Equatable {
    public var host: String
    public var port: Int
    public var settings: ProxySettings
    /// Where the token is that the proxy wants; nil where it wants none.
    public var token: SecretReference?

    public enum Absence: Error, Sendable, Equatable, CustomStringConvertible {
        case noProxy
        case noListener(service: String)
        case unreadableSettings(String)

        public var description: String {
            switch self {
            case .noProxy: "the plan has no proxy"
            case .noListener(let service): "the plan gives the proxy `\(service)` no address for clients"
            case .unreadableSettings(let reason): "the proxy's settings in the plan cannot be read: \(reason)"
            }
        }
    }

    public init(of plan: LaunchPlan) throws(Absence) {
        guard let service = plan.services.first(where: { $0.role == .proxy }) else { throw .noProxy }
        guard case .tcp(let host, let port)? = service.sockets.first(where: { $0.name == DescriptorName.http })?.address else {
            throw .noListener(service: service.name)
        }
        do throws(JSONDecodingError) {
            self.settings = try (service.settings ?? .null).decode(ProxySettings.self)
        } catch {
            throw .unreadableSettings(error.description)
        }
        self.host = host
        self.port = port
        self.token = settings.authToken.flatMap { service.secrets[$0] }
    }

    /// The host to connect to: an address that means "all of this machine's" is reached on the loopback.
    public var reachableHost: String {
        switch host {
        case "", "0.0.0.0": "127.0.0.1"
        case "::", "[::]": "::1"
        default: host
        }
    }

    public var baseURL: String {
        let name = settings.tls?.serverName ?? reachableHost
        return "\(settings.tls == nil ? "http" : "https")://\(name.contains(":") ? "[\(name)]" : name):\(port)"
    }
}
