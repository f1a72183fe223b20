import Control
import Testing

@testable import Supervisor

@Suite struct ControlRouteTests {
    @Test func routes() throws {
        guard case .logs("w x", 7, true) = try ControlRoute.parse(method: "GET", target: "/v1/logs?service=w%20x&lines=7&follow=true", body: [])
        else {
            Issue.record("not the logs that were asked for")
            return
        }
        guard case .status = try ControlRoute.parse(method: "GET", target: "/v1/status", body: []) else {
            Issue.record("not the status")
            return
        }
        let body = Array(#"{"service":"w","command":"anyclaude restart w"}"#.utf8)
        guard case .restart(let request) = try ControlRoute.parse(method: "POST", target: "/v1/restart", body: body) else {
            Issue.record("not a restart")
            return
        }
        #expect(request.service == "w")
    }

    @Test(arguments: [
        ("GET", "/v1/nothing", "", 404), ("DELETE", "/v1/status", "", 405), ("POST", "/v1/apply", "{", 400), ("POST", "/v1/preflight", "{}", 400),
        ("GET", "/v1/preflight", "", 405), ("POST", "/v1/restart", "{}", 400),
        ("GET", "/v1/logs?lines=many", "", 400),
    ])
    func badRequests(method: String, target: String, body: String, status: Int) {
        let rejection = #expect(throws: ControlRoute.Rejection.self) {
            try ControlRoute.parse(method: method, target: target, body: Array(body.utf8))
        }
        #expect(rejection?.status == status)
        #expect(rejection?.error.message.isEmpty == false)
    }
}
