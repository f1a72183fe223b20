import Control
import Glibc
import HostFixtures
import JSON
import LaunchPlan
import Testing

@testable import Host
@testable import Supervisor

@Suite struct StoreTests {
    private func envelope(_ argument: String) throws -> PlanEnvelope {
        try PlanEnvelope(
            plan: LaunchPlan(instance: "default", services: [Fixture.service(argument: argument)], probationMs: 0), basePlanId: nil,
            provenance: Provenance(tool: "test"))
    }

    @Test func aGenerationIsCurrentOnlyWhenItIsCommitted() throws {
        let folder = try TemporaryFolder()
        let store = try Store(state: "\(folder.path)/state")
        #expect(try store.reader.current() == nil)
        let first = try store.begin(try envelope("a"), bindings: ["config": "/c"], user: "me", command: "apply")
        #expect(first.number == 1 && first.standing == .pending)
        #expect(try store.reader.current() == nil, "a supervisor that died now would return to nothing")
        try store.commit(first)
        let second = try store.begin(try envelope("b"), bindings: ["config": "/c"], user: "me", command: "apply")
        #expect(try store.reader.current()?.number == 1)
        try store.reject(second)
        #expect(try store.reader.current()?.number == 1)
        #expect(try store.reader.read(2)?.standing == .bad)
        let read = try #require(try store.reader.current())
        #expect(try store.reader.envelope(read) == (try envelope("a")))
        #expect(try store.reader.envelope(read).verified().services.count == 1)
    }

    @Test func aPlanThatWasChangedOnTheDiskIsNoticed() throws {
        let folder = try TemporaryFolder()
        let store = try Store(state: folder.path)
        let generation = try store.begin(try envelope("a"), bindings: [:], user: "me", command: "apply")
        let path = "\(folder.path)/store/\(generation.planId.dropFirst("sha256:".count))/plan.json"
        let text = String(decoding: try #require(try AtomicFile.read(path)), as: UTF8.self)
        try AtomicFile.write(Array(text.replacing("/bin/program", with: "/bin/evil").utf8), to: path)
        let changed = try store.reader.envelope(generation)
        #expect(throws: PlanEnvelope.Refusal.self) { try changed.verified() }
    }

    @Test func oneSupervisorAtATime() throws {
        let folder = try TemporaryFolder()
        let store = try Store(state: folder.path)
        let error = #expect(throws: OperationError.self) { try Store(state: folder.path) }
        #expect(error?.exitCode == 3)
        #expect(error?.message.contains(String(getpid())) == true)
        withExtendedLifetime(store) {}
    }

    @Test func aStateFolderThatCannotBeMade() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([], to: "\(folder.path)/file")
        let error = #expect(throws: OperationError.self) { try Store(state: "\(folder.path)/file/state") }
        #expect(error?.exitCode == 73)
        #expect(error?.message.contains("\(folder.path)/file") == true)
    }

    @Test func aDamagedGenerationIsNamed() throws {
        let folder = try TemporaryFolder()
        let store = try Store(state: folder.path)
        let generation = try store.begin(try envelope("a"), bindings: [:], user: "me", command: "apply")
        try store.commit(generation)
        try AtomicFile.write(Array("{".utf8), to: "\(folder.path)/generations/1")
        let error = #expect(throws: OperationError.self) { try store.reader.current() }
        #expect(error?.message.contains("generations/1 is damaged") == true)
    }

    @Test func historyIsNewestFirstAndBounded() throws {
        let folder = try TemporaryFolder()
        let history = History(path: "\(folder.path)/history.jsonl")
        let lines = (0..<(2 * History.kept)).map { #"{"generation":\#($0),"time":"t","user":"u","command":"c","outcome":"committed"}"# }
        try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: history.path)
        try history.append(
            HistoryEntry(generation: 5000, planId: nil, time: "t", user: "u", command: "c", outcome: .rolledBack, reason: "because"))
        let entries = try history.entries()
        #expect(entries.count == History.kept + 1)
        #expect(entries.first?.generation == 5000 && entries.last?.generation == History.kept)
    }

    @Test func anEntryAfterATornLineIsNotLostWithIt() throws {
        let folder = try TemporaryFolder()
        let history = History(path: "\(folder.path)/history.jsonl")
        try AtomicFile.write(Array(#"{"generation":1,"ti"#.utf8), to: history.path)
        try history.append(HistoryEntry(generation: 2, planId: nil, time: "t", user: "u", command: "c", outcome: .committed, reason: nil))
        try history.append(HistoryEntry(generation: 3, planId: nil, time: "t", user: "u", command: "c", outcome: .committed, reason: nil))
        #expect(try history.entries().map(\.generation) == [3, 2])
    }

    @Test func aDamagedPlanIsWrittenAgainByTheNextApply() throws {
        let folder = try TemporaryFolder()
        let store = try Store(state: folder.path)
        let first = try store.begin(try envelope("a"), bindings: [:], user: "me", command: "apply")
        try AtomicFile.write(Array("{}".utf8), to: "\(folder.path)/store/\(first.planId.dropFirst("sha256:".count))/plan.json")
        let second = try store.begin(try envelope("a"), bindings: [:], user: "me", command: "apply")
        #expect(try store.reader.envelope(second).verified().services.count == 1)
    }

    /// The reading end does not wait.
    private func output() throws -> [CInt] {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        return ends
    }

    @Test func outputThatAFullDiskKeptBackComesInItsOrder() throws {
        let folder = try TemporaryFolder()
        let ends = try output()
        defer { close(ends[1]) }
        let path = "\(folder.path)/w.log"
        // A link is never followed: every write fails until it has gone.
        try #require(symlink("/dev/full", path) == 0)
        var problems = 0
        let pump = try OutputPump(
            loop: try EventLoop(), descriptor: ends[0], log: LogFile(path: path), whenFull: .wait, onLines: { _ in },
            onProblem: { _ in problems += 1 })
        #expect(AtomicFile.writeAll(Array("output\n".utf8), to: ends[1]) == 0)
        pump.catchUp()
        pump.note("ended")
        #expect(problems == 1)
        unlink(path)
        pump.finish()
        let lines = LogTail.lines(10, of: path)
        #expect(lines.count == 2 && lines.first == "output" && lines.last?.hasSuffix("ended") == true)
    }

    /// A supervisor that is killed while the disk is full, or between two calls, takes no output along.
    @Test func outputThatWasNotWrittenStaysInThePipe() throws {
        let folder = try TemporaryFolder()
        let ends = try output()
        defer { close(ends[1]) }
        let path = "\(folder.path)/w.log"
        try #require(symlink("/dev/full", path) == 0)
        func pump(_ descriptor: CInt) throws -> OutputPump {
            try OutputPump(
                loop: try EventLoop(), descriptor: descriptor, log: LogFile(path: path), whenFull: .wait, onLines: { _ in }, onProblem: { _ in })
        }
        let first = try pump(dup(ends[0]))
        #expect(AtomicFile.writeAll(Array("output\n".utf8), to: ends[1]) == 0)
        first.catchUp()
        unlink(path)
        // The first one does nothing more, as one that was killed.
        let next = try pump(ends[0])
        next.catchUp()
        #expect(LogTail.lines(10, of: path) == ["output"])
        next.finish()
        withExtendedLifetime(first) {}
    }

    @Test func whatIsDroppedIsCounted() throws {
        let folder = try TemporaryFolder()
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        defer { close(ends[1]) }
        let path = "\(folder.path)/w.log"
        try #require(symlink("/dev/full", path) == 0)
        var problems: [String] = []
        let pump = try OutputPump(
            loop: try EventLoop(), descriptor: ends[0], log: LogFile(path: path), whenFull: .drop, onLines: { _ in },
            onProblem: { problems.append($0) })
        for _ in 0..<2 {
            #expect(AtomicFile.writeAll(Array("gone\n".utf8), to: ends[1]) == 0)
            pump.catchUp()
        }
        #expect(problems.count == 1)
        unlink(path)
        #expect(AtomicFile.writeAll(Array("kept\n".utf8), to: ends[1]) == 0)
        pump.finish()
        let lines = LogTail.lines(10, of: path)
        #expect(lines.count == 2 && lines.contains("kept") && lines.contains { $0.hasSuffix("10 bytes of output were dropped") })
    }

    @Test func logsRotateBySize() throws {
        let folder = try TemporaryFolder()
        let log = LogFile(path: "\(folder.path)/w.log")
        log.policy = LogPolicy(maxBytes: 100, maxFiles: 2)
        for number in 0..<50 { #expect(log.append(Array("line \(number) of the log\n".utf8)) == 0) }
        #expect(Folder.names(in: folder.path) == ["w.log", "w.log.1", "w.log.2"])
        #expect(LogTail.lines(5, of: log.path) == (45..<50).map { "line \($0) of the log" })
    }
}
