import Control
import JSON
import LaunchPlan

/// A server of the Messages API: where it is, and what it wants to be shown.
struct MessagesTarget {
    let http: HTTPClient
    /// For messages.
    let name: String
    private let credentials: [String: String]

    /// The stack's proxy, for requests that go to `backend`.
    init(stack: StackClient, backend: ProxySettings.Backend?, caller: Caller) throws {
        guard stack.address.settings.tls == nil else {
            throw CommandError(
                "the stack speaks TLS, which this command does not",
                hint: "ask with curl: \(stack.address.baseURL)/v1/messages", exitCode: ExitStatus.precondition)
        }
        var credentials: [String: String] = [:]
        let token = try stack.token(caller)
        if let backend, backend.api == .anthropic, backend.apiKey == nil {
            guard let key = caller.environment["ANTHROPIC_API_KEY"], !key.isEmpty else {
                throw CommandError(
                    "the backend `\(backend.name)` needs your own credentials", hint: "set ANTHROPIC_API_KEY", exitCode: ExitStatus.precondition)
            }
            credentials["x-api-key"] = key
            credentials[ClientEnvironment.tokenHeader] = token
        } else if let token {
            credentials["authorization"] = "Bearer \(token)"
        }
        self.credentials = credentials
        name = stack.address.baseURL
        http = HTTPClient(host: stack.address.reachableHost, port: stack.address.port)
    }

    /// - Parameter url: `http://HOST[:PORT]`; shown ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY where the caller has one.
    init(url: String, caller: Caller) throws(CommandError) {
        guard url.hasPrefix("http://"), let address = Self.address(String(url.dropFirst("http://".count))) else {
            throw CommandError(
                "`\(Text.line(url))` is not an address that this command can use", hint: "http://HOST:PORT, without a path",
                exitCode: ExitStatus.usage)
        }
        name = url
        http = HTTPClient(host: address.host, port: address.port)
        if let token = caller.environment["ANTHROPIC_AUTH_TOKEN"], !token.isEmpty {
            credentials = ["authorization": "Bearer \(token)"]
        } else if let key = caller.environment["ANTHROPIC_API_KEY"], !key.isEmpty {
            credentials = ["x-api-key": key]
        } else {
            credentials = [:]
        }
    }

    private static func address(_ text: String) -> (host: String, port: Int)? {
        let text = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard !text.isEmpty, !text.contains("/"), !text.contains("@") else { return nil }
        // An IPv6 address is in brackets.
        let end = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.firstIndex(of: ":") ?? text.endIndex
        let host = text[..<end].filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty else { return nil }
        if end == text.endIndex { return (host, 80) }
        guard text[end] == ":", let port = Int(text[text.index(after: end)...]), (1...65_535).contains(port) else { return nil }
        return (host, port)
    }

    /// - Parameter headers: besides the version and what opens the server.
    func request(_ path: String, _ body: [UInt8], headers: [String: String] = [:]) -> HTTPRequest {
        var all = ["content-type": "application/json", "anthropic-version": "2023-06-01"]
        all.merge(headers) { _, new in new }
        all.merge(credentials) { _, new in new }
        return HTTPRequest(method: "POST", path: path, headers: all, body: body)
    }
}
