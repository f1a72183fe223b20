import Control
import LaunchPlan
import Testing

@testable import anyclaude

struct ProgressModelTests {
    private func plan(worker program: PlanValue) -> (plan: LaunchPlan, provenance: Provenance) {
        let services = [
            Service(name: "proxy", role: .proxy, argv: ["anyclaude-proxy"]),
            Service(name: "worker", role: .worker, argv: [program], replace: .overlap),
        ]
        return (LaunchPlan(instance: "default", services: services, probationMs: 0), Provenance(tool: "t"))
    }

    @Test func statesAndAges() throws {
        var model = ProgressModel()
        model.take(ProgressEvent(kind: .preflight, elapsedMs: 1, message: "checking"))
        model.take(ProgressEvent(kind: .diff, elapsedMs: 2, diff: try PlanDiff.between(plan(worker: "old"), plan(worker: "new"))))
        #expect(model.rows == [.init(service: "worker", state: nil, message: "to be replaced without a gap", sinceMs: 2)])
        model.take(ProgressEvent(kind: .service, elapsedMs: 10, service: "worker", state: .starting))
        model.take(ProgressEvent(kind: .service, elapsedMs: 20, service: "worker", state: .starting, message: "loading 40 %"))
        #expect(model.rows == [.init(service: "worker", state: .starting, message: "loading 40 %", sinceMs: 10)])
        model.take(ProgressEvent(kind: .service, elapsedMs: 30, service: "worker", state: .ready))
        #expect(model.rows == [.init(service: "worker", state: .ready, message: "", sinceMs: 30)])
        // Two instances overlap: what stops now is the old one.
        model.take(ProgressEvent(kind: .service, elapsedMs: 35, service: "worker", state: .stopping))
        #expect(model.rows.first?.state == .ready)
        #expect(model.phase == "checking")
        #expect(model.outcome == nil)
        model.take(ProgressEvent(kind: .outcome, elapsedMs: 40, outcome: Outcome(result: .committed, exitCode: 0)))
        #expect(model.outcome?.result == .committed)
    }

    @Test func theViewFitsTheTerminal() {
        var model = ProgressModel()
        model.take(
            ProgressEvent(kind: .service, elapsedMs: 0, service: "worker", state: .starting, message: String(repeating: "long ", count: 50)))
        for width in [40, 80, 120] {
            let lines = LiveView(style: Style(isColored: false), width: width).lines(model, elapsedMs: 1234)
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
        }
    }
}
