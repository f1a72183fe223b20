import Control
import JSON
import LaunchPlan
import Testing

struct StackAddressTests {
    private func plan(host: String = "127.0.0.1", settings: ProxySettings? = nil, token: SecretReference? = nil) throws -> LaunchPlan {
        let settings = settings ?? Self.settings
        return LaunchPlan(
            instance: "default",
            services: [
                Service(
                    name: "proxy", role: .proxy, argv: ["anyclaude-proxy"], settings: try JSON(encoding: settings),
                    secrets: token.map { ["token": $0] } ?? [:], sockets: [ListenSocket(name: "http", address: .tcp(host: host, port: 8788))]),
                Service(
                    name: "worker", role: .worker, argv: ["serve", .joined(["--key=", .secret(.env(name: "B"))])],
                    environment: ["KEY": .secret(.env(name: "A")), "OTHER": .secret(.file(path: .absolute("/k")))],
                    files: [GeneratedFile(path: .rooted(.runtime, "f"), contents: ["a", .secret(.env(name: "C"))])]),
            ], probationMs: 0)
    }

    private static let settings = ProxySettings(
        backends: [], defaultBackend: "x", authToken: "token",
        directories: ProxySettings.Directories(cache: .rooted(.cache, ""), logs: .rooted(.logs, "")))

    @Test(arguments: [
        ("127.0.0.1", "http://127.0.0.1:8788"), ("0.0.0.0", "http://127.0.0.1:8788"), ("::", "http://[::1]:8788"), ("::1", "http://[::1]:8788"),
        ("localhost", "http://localhost:8788"),
    ])
    func baseURL(host: String, url: String) throws { #expect(try StackAddress(of: plan(host: host)).baseURL == url) }

    @Test func theTokenIsFoundByItsId() throws {
        #expect(try StackAddress(of: plan(token: .env(name: "ANYCLAUDE_TOKEN"))).token == .env(name: "ANYCLAUDE_TOKEN"))
        #expect(try StackAddress(of: plan()).token == nil)
    }

    @Test func absences() throws {
        var none = try plan()
        none.services.removeAll { $0.role == .proxy }
        #expect(throws: StackAddress.Absence.noProxy) { try StackAddress(of: none) }
        var deaf = try plan()
        deaf.services[0].sockets = []
        #expect(throws: StackAddress.Absence.noListener(service: "proxy")) { try StackAddress(of: deaf) }
    }

    @Test func secretsAreCollectedFromEveryPlace() throws {
        let plan = try plan(token: .env(name: "TOKEN"))
        #expect(plan.secretVariables == ["A", "B", "C", "TOKEN"])
        #expect(plan.secretValues(in: ["A": "1", "TOKEN": "2", "UNRELATED": "3"]) == ["A": "1", "TOKEN": "2"])
    }
}
