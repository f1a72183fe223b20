import Glibc
import HostFixtures
import LaunchPlan
import Testing

@testable import Host
@testable import Supervisor

@Suite struct SmallPartsTests {
    @Test func anEntryOfTheJournalNamesItsService() {
        let entry = String(decoding: Journal.entry("a = b", service: "proxy", instance: "default", priority: 6), as: UTF8.self)
        #expect(
            entry == "PRIORITY=6\nSYSLOG_IDENTIFIER=anyclaude-proxy\nANYCLAUDE_SERVICE=proxy\nANYCLAUDE_INSTANCE=default\nMESSAGE=a = b\n")
        #expect(Journal(instance: "default", socket: "/nowhere") == nil)
    }

    @Test func filesThatAreWrittenOrPutInPlaceAreNoticed() throws {
        let folder = try TemporaryFolder()
        let watch = try FileWatch()
        #expect(watch.watch([folder.path, "/nowhere/at/all"]).keys.sorted() == ["/nowhere/at/all"])
        #expect(!watch.take())
        try folder.write("a", "1")
        #expect(watch.take() && !watch.take())
        #expect(watch.watch([]).isEmpty)
        _ = watch.take()
        try folder.write("a", "2")
        #expect(!watch.take(), "nobody asks for it any more")
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

    @Test func leases() {
        var table = LeaseTable()
        table.acquire(.init(holder: 1, id: 1), service: "w", isReady: false)
        table.acquire(.init(holder: 1, id: 2), service: "w", isReady: true)
        table.acquire(.init(holder: 2, id: 1), service: "v", isReady: false)
        #expect(table.waiting(for: "w") == [.init(holder: 1, id: 1)])
        #expect(table.held(by: 1) == [1: "w", 2: "w"])
        #expect(table.waitedFor == ["w", "v"])
        table.releaseAll(holder: 1)
        #expect(!table.isInUse("w"))
        // Who waits for a service has no request in flight at it: it would not be restarted while somebody waits.
        #expect(!table.isInUse("v"))
        table.answered(.init(holder: 2, id: 1))
        #expect(table.isInUse("v"))
    }

}
