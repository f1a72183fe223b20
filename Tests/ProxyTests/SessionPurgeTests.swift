import Foundation
import GRDB
import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

/// What is kept of one session can be forgotten without the rest.
@Suite(.timeLimit(.minutes(10))) struct SessionPurgeTests {
    private static func store(_ body: (ResponseStore, _ path: String) async throws -> Void) async throws {
        let folder = try CacheTests.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/r.sqlite3"
        try await body(try ResponseStore(path: path, maximumBytes: 100_000), path)
    }

    @Test func theStoreForgetsTheAnswersThatASessionWasGiven() async throws {
        try await Self.store { store, _ in
            for (key, session) in [("a", "s"), ("b", "s/agent"), ("c", "s2"), ("d", ""), ("e", "S"), ("f", "other")] {
                try await store.save("answer \(key)", for: key, session: session, now: 1, ttlMs: 1000)
            }
            // Two sessions have one answer: whoever is forgotten takes it along.
            #expect(try await store.find("f", session: "s", now: 2) != nil)
            #expect(try await store.clear(session: "s/agent").entries == 1)
            #expect(try await store.clear(session: "s").entries == 2)
            var left: [String] = []
            for key in ["a", "b", "c", "d", "e", "f"] where try await store.find(key, now: 3) != nil { left.append(key) }
            #expect(left == ["c", "d", "e"])
            #expect(try await store.clear(session: "%").entries == 0)
            #expect(try await store.clear(session: "é").entries == 0)
        }
    }

    @Test func whatIsForgottenIsNotOnTheDisk() async throws {
        try await Self.store { store, path in
            try await store.save("the words of one", for: "a", session: "one", now: 1, ttlMs: 1000)
            try await store.save("the words of two", for: "b", session: "two", now: 1, ttlMs: 1000)
            _ = try await store.clear(session: "one")
            let files = try [path, path + "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            #expect(!files.contains { $0.range(of: Data("of one".utf8)) != nil } && files.contains { $0.range(of: Data("of two".utf8)) != nil })
        }
    }

    /// A proxy of an older version says nobody's name.
    @Test func anAnswerOfNobodyGoesWithAnySession() async throws {
        try await Self.store { store, path in
            try await store.save("mine", for: "a", session: "mine", now: 1, ttlMs: 1000)
            try await DatabaseQueue(path: path).write { database in
                try database.execute(
                    sql: "INSERT INTO response (key, created, expires, used, size, message) VALUES ('old', 1, 1000, 1, 3, 'old')")
            }
            #expect(try await store.clear(session: "another").entries == 1)
            #expect(try await store.find("old", now: 2) == nil)
            #expect(try await store.find("a", now: 2) != nil)
        }
    }

    @Test func answersThatReachedNobodyAreForgottenByName() throws {
        let table = GenerationTable()
        let keys = ["d/s", "d/s/agent", "d/s2", "d/", "d"]
        for key in keys {
            guard case .new(let generation) = table.claim(key) else { throw CancellationError() }
            generation.publish(GenerationTests.words)
            generation.markSettled()
            table.settle(key, generation)
        }
        let session = try #require(SessionName("s"))
        // One that is the same for all who ask may be anybody's.
        #expect(table.clear(session.mayCover) == 3)
        let left = keys.filter { if case .undelivered = table.claim($0) { true } else { false } }
        #expect(left == ["d/s2", "d/"])
    }

    @Test func aSessionIsForgottenByTheWholeProxy() async throws {
        let worker = try ScriptedServer { _ in Worker.answer("hello", usage: ["prompt_tokens": 9, "completion_tokens": 3]) }
        let backend = ProxySettings.Backend(name: "b", api: .openai, dialect: "generic", target: .url(base: worker.base), model: "m")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend, token: "t"), secrets: ["t": "secret"]) { proxy in
            func ask(_ text: String, _ session: String) async throws -> (cache: String?, request: String) {
                let headers = ["x-api-key": "secret", "x-claude-code-session-id": session]
                let answer = try await proxy.post(ProxyUnderTest.request(text, ["temperature": 0]), headers: headers)
                return (answer.headers["x-anyclaude-cache"], answer.headers["request-id"] ?? "")
            }
            func isExplained(_ request: String) async throws -> Bool {
                try await proxy.get("/v1/anyclaude/cache/explain?request=\(request)", headers: ["x-api-key": "secret"]).status == 200
            }
            let (one, two) = (try await ask("of one", "one"), try await ask("of two", "two"))
            try await eventually { (await proxy.assembly.responses.json())["entries"] == 2 }
            let path = "/v1/anyclaude/cache/clear-session"
            let cleared = try await proxy.post(["session": "one"], to: path, headers: ["x-api-key": "secret"])
            #expect(cleared.json["responses"] == 1 && cleared.json["prompts"] == 1 && cleared.json["session"] == "one", "\(cleared.text)")
            let explained = [try await isExplained(one.request), try await isExplained(two.request)]
            #expect(explained == [false, true])
            let again = [try await ask("of two", "two").cache, try await ask("of one", "one").cache]
            #expect(again == ["hit", "miss"])
            for body: JSON in [[:], ["session": ""], ["session": 1], ["sesion": "two"]] {
                #expect(try await proxy.post(body, to: path, headers: ["x-api-key": "secret"]).status == 400)
            }
            #expect(try await proxy.post(["session": "two"], to: path).status == 401)
            let kept = try await ask("of two", "two").cache
            #expect(kept == "hit")
        }
    }
}
