import Control
import JSON

/// A question to the running proxy about itself: through its private socket, which the stack's owner alone can open, else with its token.
struct ProxyQuestion {
    private let session: Session
    private let supervisor: RunningSupervisor
    private static let patience = 10_000

    init(_ session: Session) throws {
        self.session = session
        supervisor = try session.requireSupervisor(session.instanceName())
    }

    init(_ session: Session, _ supervisor: RunningSupervisor) {
        self.session = session
        self.supervisor = supervisor
    }

    func document(_ request: HTTPRequest) throws -> JSON {
        let status = try supervisor.client.status()
        guard let proxy = status.services.first(where: { $0.role == "proxy" }) else {
            throw CommandError("the stack has no proxy", hint: "add a `proxy` to the configuration and apply it", exitCode: ExitStatus.precondition)
        }
        if let socket = proxy.privateSocket {
            do throws(ControlClientError) {
                return try HTTPClient(unixSocket: socket).document(request, by: .after(milliseconds: Self.patience))
            } catch {
                // Somebody else's stack: its token may be known all the same.
                guard [.denied, .unreachable].contains(error.kind) else { throw CommandError(error) }
                session.debug(1, error.message)
            }
        }
        return try overNetwork(request)
    }

    private func overNetwork(_ request: HTTPRequest) throws -> JSON {
        let stack = try StackClient.current(of: supervisor)
        guard stack.address.settings.tls == nil else {
            throw CommandError(
                "the stack speaks TLS, which this command does not", hint: "ask with curl: \(stack.address.baseURL)\(request.path)",
                exitCode: ExitStatus.precondition)
        }
        var request = request
        if let token = try stack.token(session.caller) { request.headers[ClientEnvironment.tokenHeader] = token }
        let client = HTTPClient(host: stack.address.reachableHost, port: stack.address.port)
        return try client.document(request, by: .after(milliseconds: Self.patience))
    }
}
