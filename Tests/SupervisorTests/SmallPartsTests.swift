import Glibc
import LaunchPlan
import Testing

@testable import Supervisor

@Suite struct SmallPartsTests {
    @Test func processNamesMayHoldAnything() throws {
        let fields = "S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2"
        let stat = try #require(ProcFS.parseStat(Array("42 (a) b (c)) \(fields)".utf8)))
        #expect(stat == ProcFS.Stat(pid: 42, state: UInt8(ascii: "S"), parent: 1, group: 42, session: 42, startTime: 987_654))
        #expect(ProcFS.parseStat(Array("garbage".utf8)) == nil)
        #expect(ProcFS.parseStat([]) == nil)
    }

    @Test func listenersInTheKernelsTable() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
               1: 00000000:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
               2: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
            """
        #expect(PortHolder.listening(table, port: 8081, ip: [127, 0, 0, 1], size: 4) == ["111"])
        #expect(PortHolder.listening(table, port: 8081, ip: [127, 0, 0, 2], size: 4) == [])
        #expect(PortHolder.listening(table, port: 8081, ip: [0, 0, 0, 0], size: 4) == ["111"])
        #expect(PortHolder.listening(table, port: 8082, ip: [127, 0, 0, 1], size: 4) == ["222"])
    }

    @Test func probeAnswers() {
        func result(_ text: String) -> ProbeResult? { HTTPProbe.result(Array(text.utf8)) }
        #expect(result("HTTP/1.1 200 OK\r\n") == .passed)
        #expect(result("HTTP/1.0 302 Found\n") == .passed)
        #expect(result("HTTP/1.1 503 Loading\r\n") == .failed(reason: "status 503", timedOut: false))
        #expect(result("SSH-2.0-OpenSSH\r\n") == .failed(reason: "the answer is not HTTP", timedOut: false))
        #expect(result("HTTP/1.1 20") == nil)
        #expect(result(String(repeating: "x", count: 2000)) == .failed(reason: "the answer is not HTTP", timedOut: false))
    }

    @Test func timersFireInOrderAndRemovedOnesNever() {
        var queue = TimerQueue()
        var fired: [Int] = []
        let tokens = (0..<100).map { number in queue.add(at: (number * 37) % 50) { fired.append((number * 37) % 50) } }
        for (index, token) in tokens.enumerated() where index % 3 == 0 { queue.remove(token) }
        let kept = tokens.indices.filter { $0 % 3 != 0 }.map { ($0 * 37) % 50 }.sorted()
        #expect(queue.next == kept.first)
        while let action = queue.takeDue(50, until: queue.mark) { action() }
        #expect(fired == kept)
        #expect(queue.next == nil)
    }

    @Test func linesOfALog() {
        var splitter = LineSplitter()
        #expect(splitter.feed(Array("one\ntw".utf8)) == ["one"])
        #expect(splitter.feed(Array("o\n\nthree".utf8)) == ["two", ""])
        #expect(splitter.feed(Array(repeating: 65, count: LineSplitter.limit)).count == 1)
    }

    @Test func retention() {
        let generations = (1...40).reversed().map { (number: $0, isGood: $0 % 2 == 0) }
        let dropped = Retention.drop(generations, current: 2)
        #expect(!dropped.contains(2))
        #expect(dropped == Set((1...30).filter { $0 % 2 == 1 }))
    }

    @Test func preconditions() throws {
        let current = Staleness.Current(planId: "sha256:a", generation: 3, folder: "/one")
        try Staleness.check(base: nil, folder: "/one", current: nil, replace: false)
        try Staleness.check(base: "sha256:a", folder: "/one", current: current, replace: false)
        try Staleness.check(base: nil, folder: "/two", current: current, replace: true)
        for (base, folder) in [(nil, "/one"), ("sha256:b", "/one"), ("sha256:a", "/two")] as [(String?, String)] {
            let error = #expect(throws: SupervisorError.self) {
                try Staleness.check(base: base, folder: folder, current: current, replace: false)
            }
            #expect(error?.exitCode == 3)
        }
    }

    @Test func plansThatCannotBeCarriedOut() {
        func problem(_ services: Service...) -> String? { PlanCheck.problem(LaunchPlan(instance: "default", services: services, probationMs: 0)) }
        #expect(problem(Fixture.service("a"), Fixture.service("b", dependsOn: ["a"])) == nil)
        #expect(problem(Fixture.service("a"), Fixture.service("a"))?.contains("same name") == true)
        #expect(problem(Fixture.service("a", dependsOn: ["b"]), Fixture.service("b", dependsOn: ["a"]))?.contains("wait for each other") == true)
        #expect(problem(Fixture.service("a", dependsOn: ["z"]))?.contains("not in the plan") == true)
        #expect(problem(Fixture.service("../a"))?.contains("not a service name") == true)
        var leaking = Fixture.service("a")
        leaking.argv.append(.secret(.env(name: "KEY")))
        #expect(problem(leaking)?.contains("arguments") == true)
    }

    @Test func leases() {
        var table = LeaseTable()
        table.acquire(.init(holder: 1, id: 1), service: "w", isReady: false)
        table.acquire(.init(holder: 1, id: 2), service: "w", isReady: true)
        table.acquire(.init(holder: 2, id: 1), service: "v", isReady: false)
        #expect(table.waiting(for: "w") == [.init(holder: 1, id: 1)])
        #expect(table.held(by: 1) == [1: "w", 2: "w"])
        #expect(table.waitedFor == ["w", "v"])
        table.releaseAll(holder: 1)
        #expect(!table.isHeld("w") && table.isHeld("v"))
    }

    @Test func numbersThatNobodyCanCalculateWithAreRefused() {
        func problem(_ change: (inout Service) -> Void) -> String? {
            var service = Fixture.service(readiness: true)
            change(&service)
            return PlanCheck.problem(LaunchPlan(instance: "default", services: [service], probationMs: 0))
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.stop.timeoutMs = .max }?.contains("worker: `stop.timeout_ms`") == true)
        #expect(problem { $0.restart.withinMs = -1 }?.contains("restart.within_ms") == true)
        #expect(problem { $0.probes.readiness?.periodMs = 0 }?.contains("probes.readiness.period_ms") == true)
        #expect(problem { $0.resources.memoryBytes = .max }?.contains("resources.memory_bytes") == true)
        #expect(PlanCheck.problem(LaunchPlan(instance: "default", services: [], probationMs: .max))?.contains("probation_ms") == true)
    }

    @Test func theNumberOfALeaderThatIsAnotherProcessNowCountsNobody() {
        #expect(!Membership.members(leader: getsid(0), directory: "/nowhere", orphans: nil).contains(getpid()), "never the supervisor itself")
        #expect(Membership.members(leader: nil, directory: "/nowhere", orphans: nil).isEmpty)
    }
}
