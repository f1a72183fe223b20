import Control
import JSON
import LaunchPlan
import Testing

struct ControlClientTests {
    private func answer(_ body: String, _ status: String = "200 OK", type: String = "application/json") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func stream(_ events: String) -> String { "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\(events)" }

    @Test func status() throws {
        let report = StatusReport(
            version: "1", instance: "default", pid: 7, generation: 2, planId: "sha256:ab", busy: false, configDirectory: "/x",
            services: [ServiceStatus(name: "proxy", role: "proxy", state: .ready, pid: 9)])
        let channel = CannedChannel(answer(try JSON(encoding: report).text))
        #expect(try ControlClient(canned: channel).status() == report)
        #expect(channel.sentText == "GET /v1/status HTTP/1.1\r\nhost: anyclaude\r\nconnection: close\r\n\r\n")
    }

    @Test func preflight() throws {
        let report = PreflightReport(results: [PreflightResult(service: "proxy", key: "proxy.port", check: "free")], memory: nil)
        let channel = CannedChannel(answer(try JSON(encoding: report).text))
        let plan = LaunchPlan(instance: "default", services: [], probationMs: 0)
        let request = ApplyRequest(
            envelope: try PlanEnvelope(plan: plan, basePlanId: nil, provenance: Provenance(tool: "t")), bindings: [:], secrets: [:], replace: false,
            timeoutMs: nil, command: "c")
        #expect(try ControlClient(canned: channel).preflight(request) == report)
        #expect(channel.sentText.hasPrefix("POST /v1/preflight HTTP/1.1\r\n"))
    }

    @Test func noGenerationIsNoPlan() throws {
        let error = try JSON(encoding: ControlError(message: "nothing applied", exitCode: 3)).text
        #expect(try ControlClient(canned: CannedChannel(answer(error, "404 Not Found"))).currentPlan() == nil)
    }

    @Test func errorsOfTheSupervisorArePassedOn() throws {
        let error = try JSON(encoding: ControlError(message: "no such service", hint: "there are two", exitCode: 64)).text
        #expect {
            try ControlClient(canned: CannedChannel(answer(error, "404 Not Found"))).restart(RestartRequest(service: "x", command: "c"))
        } throws: {
            ($0 as? ControlClientError) == ControlClientError(.refused(status: 404), "no such service", hint: "there are two", exitCode: 64)
        }
    }

    @Test func errorsInOtherShapesAreShown() {
        let body = #"{"type":"error","error":{"type":"overloaded_error","message":"too busy"}}"#
        #expect { try ControlClient(canned: CannedChannel(answer(body, "529 Overloaded"))).status() } throws: {
            ($0 as? ControlClientError) == ControlClientError(.refused(status: 529), "the server answered 529: too busy", exitCode: 74)
        }
    }

    @Test(arguments: ["nonsense", "{\"pid\": 1}", "[]"])
    func anotherDocumentIsMalformed(body: String) {
        #expect { try ControlClient(canned: CannedChannel(answer(body))).status() } throws: { ($0 as? ControlClientError)?.kind == .malformed }
    }

    @Test func progressComesAsItHappens() throws {
        let first = ProgressEvent(kind: .service, elapsedMs: 5, service: "proxy", state: .starting)
        let last = ProgressEvent(kind: .outcome, elapsedMs: 9, outcome: Outcome(result: .committed, exitCode: 0, generation: 1))
        let channel = CannedChannel([
            .bytes(Array(stream(": hello\n\ndata: \(try JSON(encoding: first).text)\n").utf8)), .timeout,
            .bytes(Array("\ndata: \(try JSON(encoding: last).text)\n\n".utf8)),
        ])
        let events = try ControlClient(canned: channel).rollback(RollbackRequest(generation: 3, command: "c"))
        #expect(channel.sentText.hasSuffix(#"{"generation":3,"command":"c"}"#))
        var steps: [String] = []
        for _ in 0..<4 {
            switch try events.step(by: .after(milliseconds: 0)) {
            case .event(let event): steps.append(event.kind.rawValue)
            case .waiting: steps.append("waiting")
            case .ended: steps.append("ended")
            }
        }
        #expect(steps == ["waiting", "service", "outcome", "ended"])
    }

    @Test func aStreamMustBeAStream() {
        #expect { try ControlClient(canned: CannedChannel(answer("{}"))).attach() } throws: { ($0 as? ControlClientError)?.kind == .malformed }
    }

    @Test func queriesAreEncoded() throws {
        let channel = CannedChannel(stream(""))
        _ = try ControlClient(canned: channel).logs(service: "a b&c", lines: 3, follow: true)
        #expect(channel.sentText.hasPrefix("GET /v1/logs?service=a%20b%26c&lines=3&follow=true HTTP/1.1\r\n"))
    }

    @Test func aBrokenConnectionIsNotAnEnd() throws {
        let channel = CannedChannel([
            .bytes(Array("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".utf8))
        ])
        let events = try ControlClient(canned: channel).down(DownRequest(command: "c"))
        #expect { try events.step(by: .after(milliseconds: 0)) } throws: { ($0 as? ControlClientError)?.kind == .disconnected }
    }
}
